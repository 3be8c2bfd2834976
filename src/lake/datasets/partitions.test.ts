import { expect, test } from "vitest";
import { partitionColumns, partitionValues } from "./partitions.ts";

const files = (...names: string[]) => names.map((uri) => ({ uri, partition: partitionValues(uri) }));

test("values come from the folders, decoded, and not from the file's own name", () => {
  expect(partitionValues("orders/year=2025/country=T%C3%BCrkiye/bad=%zz/a=b.csv")).toEqual({
    year: "2025",
    country: "Türkiye",
    bad: "%zz",
  });
  expect(partitionValues("t/city=__HIVE_DEFAULT_PARTITION__/a.csv")).toEqual({ city: null });
  expect(partitionValues("t/k=/a.csv")).toEqual({ k: "" });
});

test("an encoded NUL stays as it is written", () => {
  expect(partitionValues("t/a=%00b/c%00=1/a.csv")).toEqual({ a: "%00b", "c%00": "1" });
});

test("a folder named __proto__ is a column like any other", () => {
  expect(Object.keys(partitionValues("t/__proto__=1/a.csv"))).toEqual(["__proto__"]);
});

test.each([
  ["numbers that write back the same", ["k=1/a", "k=-20/a", "k=9223372036854775807/a"], "BIGINT"],
  ["numbers past 64 bits", ["k=9223372036854775808/a"], "VARCHAR"],
  ["leading zeros", ["k=01/a", "k=12/a"], "VARCHAR"],
  ["minus zero", ["k=-0/a"], "VARCHAR"],
  ["dates", ["k=2024-02-29/a", "k=2025-01-01/a"], "DATE"],
  ["days that do not exist", ["k=2025-02-29/a"], "VARCHAR"],
  ["numbers and dates", ["k=2025/a", "k=2025-01-01/a"], "VARCHAR"],
  ["numbers and nothing", ["k=1/a", "k=__HIVE_DEFAULT_PARTITION__/a"], "BIGINT"],
  ["nothing", ["k=__HIVE_DEFAULT_PARTITION__/a"], "VARCHAR"],
])("%s", (_what, names, type) => {
  expect(partitionColumns(files(...names))).toEqual([{ name: "k", type }]);
});

test("files in different layouts are refused by name", () => {
  expect(() => partitionColumns(files("t/y=1/a", "t/y=1/m=2/b"))).toThrow(
    "t/y=1/a has y, t/y=1/m=2/b has y, m",
  );
});
