import type { JobFile } from "../protocol.ts";
import { identifier, literal } from "./quoting.ts";

const mark = "sluice wide decimal: ";

/** Columns of files that hold decimals of more than 38 digits, each once, but for those of these names. */
export function wideColumns(files: readonly JobFile[], butFor: readonly string[]): string[] {
  const seen = new Set(butFor.map((name) => name.toLowerCase()));
  return files
    .flatMap(({ wideDecimals = [] }) => wideDecimals)
    .filter((name) => !seen.has(name.toLowerCase()) && seen.add(name.toLowerCase()));
}

/** Such a column as an error for whoever looks at a value: the engine's own values would be wrong. */
export function unlessWide(name: string): string {
  const column = identifier(name);
  return `CASE WHEN ${column} IS NULL THEN ${column} ELSE error(${literal(`${mark}${name}`)}) END AS ${column}`;
}

/** What is said to callers, where `text` is the error of such a column. */
export function wideDecimalMessage(text: string): string | undefined {
  const start = text.indexOf(mark);
  if (start < 0) return undefined;
  const column = JSON.stringify(text.slice(start + mark.length, start + mark.length + 200));
  return `The column ${column} holds decimals of more than 38 digits, which cannot be read exactly. Name the other columns.`;
}
