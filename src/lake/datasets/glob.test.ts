import { expect, test } from "vitest";
import { cpuMsOf } from "../../../test/harness/cpu-time.ts";
import { compileGlob, hasWildcard } from "./glob.ts";

test.each([
  ["orders/*.csv", "orders/a.csv", true],
  ["orders/*.csv", "orders/x/a.csv", false],
  ["orders/**/*.csv", "orders/a.csv", true],
  ["orders/**/*.csv", "orders/x/y/a.csv", true],
  ["orders/year=2025/*/*.parquet", "orders/year=2025/month=01/p.parquet", true],
  ["orders/year=2025/*/*.parquet", "orders/year=2024/month=01/p.parquet", false],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["a?", "a😀", true],
  ["[a-c]x", "bx", true],
  ["[!a-c]x", "bx", false],
  ["[]]x", "]x", true],
  ["a[b", "a[b", true],
  ["**", "anything/at/all", true],
  ["**/b/**", "a/b/c", true],
  ["**/b/**", "a/c", false],
  ["*a*b", "xaxbxb", true],
  ["a.c", "abc", false],
])("%s over %s is %s", (pattern, name, matches) => {
  expect(compileGlob(pattern).matches(name)).toBe(matches);
});

test("the literal part says where to look", () => {
  expect(compileGlob("orders/year=2025/part-*.csv")).toMatchObject({
    literalPrefix: "orders/year=2025/part-",
    folder: "orders/year=2025/",
  });
  expect(hasWildcard("orders/a.csv")).toBe(false);
});

test("a pattern made to be slow is not", async () => {
  const cpuMs = await cpuMsOf(() => {
    expect(compileGlob(`${"*a".repeat(400)}b`).matches("a".repeat(1_000))).toBe(false);
    expect(compileGlob(`${"**/a/".repeat(200)}b`).matches("a/".repeat(500))).toBe(false);
  });
  expect(cpuMs).toBeLessThan(1_000);
});
