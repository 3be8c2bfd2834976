import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake({ maxBytes: 1024 ** 2 });
});
afterAll(() => lake.stop());

test("2,000 columns of one row are read within a query's memory, each with its type", async () => {
  const at = Array.from({ length: 2_000 }, (_, index) => index);
  const values = at.map((index) => (index % 3 === 0 ? `text ${index}` : index));
  const uri = await lake.put(
    "wide.csv",
    `${at.map((index) => `col_${index}`).join(",")}\n${values.join(",")}\n`,
  );
  const { columns, rows } = await lake.output("lake_read_rows", { uri });
  expect(columns.map(({ type }: { type: string }) => type)).toEqual(
    at.map((index) => (index % 3 === 0 ? "VARCHAR" : "BIGINT")),
  );
  expect(rows).toEqual([values]);
});

test("an empty field in quotes is NULL in every column but text", async () => {
  const types = ["n", "f", "d", "h", "day", "at", "zoned", "b", "s"];
  const full = ["7", "0.5", "12345678901234567.25", "9".repeat(30), "2024-02-29", "2024-02-29T01:02:03"];
  const body = [
    types,
    [...full, "2024-02-29T01:02:03+02:00", "true", "x"],
    types.map(() => '""'),
    types.map(() => ""),
  ];
  const uri = await lake.put("quoted-empties.csv", `${body.map((fields) => fields.join(",")).join("\n")}\n`);
  const { columns, rows } = await lake.output("lake_read_rows", { uri });
  expect(columns.map(({ type }: { type: string }) => type)).toEqual([
    "BIGINT",
    "DOUBLE",
    "DECIMAL(19,2)",
    "HUGEINT",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "BOOLEAN",
    "VARCHAR",
  ]);
  expect(rows[0].slice(6)).toEqual(["2024-02-28T23:02:03Z", true, "x"]);
  expect(rows.slice(1)).toEqual([[...Array(8).fill(null), ""], [...Array(9).fill(null)]]);
});
