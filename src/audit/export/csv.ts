import type { ReadRecord } from "../record/record.ts";

const columns = [
  "time",
  "chain",
  "sequence",
  "kind",
  "call",
  "correlationId",
  "principal",
  "tenant",
  "via",
  "tool",
  "calledAs",
  "effect",
  "result",
  "message",
  "leftOut",
  "durationMs",
  "resultBytes",
  "resources",
  "awsCalls",
  "awsCallCount",
  "arguments",
  "argumentsSha256",
  "hash",
  // Of those who were refused. Behind the others, whose places readers know.
  "reason",
  "method",
  "path",
  "since",
  "tools",
] as const;

/** The header of the export. */
export const csvHeader = columns.join(",");

/**
 * One record as a line of CSV (RFC 4180), without its line end. A text that a spreadsheet would take for a formula gets
 * an apostrophe before it; so has a part of one behind a semicolon, tab or line end, which many a spreadsheet takes for
 * the end of a cell, whatever quotes are around.
 */
export function csvLine(record: ReadRecord): string {
  return columns.map((name) => cell(record[name])).join(",");
}

/** With what some spreadsheets take for them: Japanese ones the wide forms. */
const startsFormula = /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/;
const startsFormulaLater = /[;\t\r\n][ "]*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = (startsFormula.test(text) ? `'${text}` : text).replace(startsFormulaLater, "$&'");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
