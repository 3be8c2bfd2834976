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
] as const;

/** The header of the export. */
export const csvHeader = columns.join(",");

/**
 * One record as a line of CSV (RFC 4180), without its line end. A text that a spreadsheet would take for a formula gets
 * an apostrophe before it.
 */
export function csvLine(record: ReadRecord): string {
  return columns.map((name) => cell(record[name])).join(",");
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = /^[\s]*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
