import { expect, test } from "vitest";
import type { ReadRecord } from "../record/record.ts";
import { csvHeader, csvLine } from "./csv.ts";

function exported(text: string, column = "tool"): string {
  const line = csvLine({ [column]: text } as unknown as ReadRecord);
  const before = csvHeader.split(",").indexOf(column);
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

test("rows of those who were refused say why and what was asked for, in columns behind all others", () => {
  expect(csvHeader).toMatch(/^time,chain,.*,hash,reason,method,path,since,tools$/);
  const asked = { result: "invalid", reason: "=1+1, said of a host", method: "POST", path: "/mcp;=1" };
  const unknown = csvLine({ kind: "unauthenticated", ...asked } as unknown as ReadRecord);
  expect(unknown).toMatch(/^,,,unauthenticated,.*,"'=1\+1, said of a host",POST,\/mcp;'=1,,$/);
  const counted = { leftOut: 7, since: "2026-11-26T14:00:00.000Z", tools: { lake_query: 7 } };
  const refused = csvLine({ kind: "refused", ...counted } as unknown as ReadRecord);
  expect(refused).toMatch(/^,,,refused,.*,7,.*,2026-11-26T14:00:00\.000Z,"\{""lake_query"":7\}"$/);
  for (const column of ["reason", "method", "path", "since", "tools"])
    expect(exported("=1", column)).toBe("'=1");
});

test("what has many ends of cells is gone through once", () => {
  const startedMs = performance.now();
  for (const text of ["\t", ";", '"', "; ", ';"']) exported(text.repeat(50_000));
  expect(performance.now() - startedMs).toBeLessThan(500);
});
