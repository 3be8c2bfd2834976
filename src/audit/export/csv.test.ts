import { expect, test } from "vitest";
import type { ReadRecord } from "../record/record.ts";
import { csvHeader, csvLine } from "./csv.ts";

function exported(tool: string): string {
  const line = csvLine({ tool } as unknown as ReadRecord);
  const before = csvHeader.split(",").indexOf("tool");
  const after = csvHeader.split(",").length - before - 1;
  return line.slice(before, line.length - after);
}

test.each([
  ["=1+1", "'=1+1"],
  [" \t@SUM(1)", "' \t'@SUM(1)"],
  ["\uff1d1+1", "'\uff1d1+1"],
  ["a;=1+1", "a;'=1+1"],
  ["a; -1;+2", "a; '-1;'+2"],
  ["a\tb;\t=1", "a\tb;\t'=1"],
  ["a\r\n=1", '"a\r\n\'=1"'],
  ['a;"=1"', '"a;""\'=1"""'],
  ["a,=1", '"a,=1"'],
  ["lake_query", "lake_query"],
  ["a-b;c=d", "a-b;c=d"],
])(
  "a spreadsheet takes no part of %j for a formula, whatever it takes for the end of a cell",
  (text, shown) => {
    expect(exported(text)).toBe(shown);
  },
);

test("what has many ends of cells is gone through once", () => {
  const startedMs = performance.now();
  for (const text of ["\t", ";", '"', "; ", ';"']) exported(text.repeat(50_000));
  expect(performance.now() - startedMs).toBeLessThan(500);
});
