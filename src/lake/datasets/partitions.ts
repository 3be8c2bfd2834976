import { ToolError } from "../../core/errors.ts";
import type { Column } from "../sql/engine.ts";

/** Partition values of one file, by column name. `null` is Hive's mark for a missing value. */
export type PartitionValues = Record<string, string | null>;

const hiveNull = "__HIVE_DEFAULT_PARTITION__";
const segmentPattern = /^([^=]+)=(.*)$/s;
const maxBigint = 9_223_372_036_854_775_807n;

/**
 * Values in the folders of a name: `orders/year=2025/country=T%C3%BCrkiye/a.parquet`. The file's own name is
 * no folder. Percent-encoding is undone where it is valid and stands for no NUL, as Hive and Spark
 * write it.
 */
export function partitionValues(name: string): PartitionValues {
  const entries: [string, string | null][] = [];
  for (const segment of name.split("/").slice(0, -1)) {
    const match = segmentPattern.exec(segment);
    if (!match) continue;
    const value = match[2] ?? "";
    entries.push([decode(match[1] ?? ""), value === hiveNull ? null : decode(value)]);
  }
  return Object.fromEntries(entries);
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text);
    return decoded.includes("\0") ? text : decoded;
  } catch {
    return text;
  }
}

/**
 * The partition columns all files share, typed by every value of each: a type other than VARCHAR only where
 * writing the value back gives the very same text (`01` stays text). Throws `invalid_input` when files differ
 * in which columns their folders name.
 */
export function partitionColumns(files: readonly { uri: string; partition: PartitionValues }[]): Column[] {
  const first = files[0];
  if (!first) return [];
  const names = Object.keys(first.partition);
  const other = files.find(({ partition }) => Object.keys(partition).join("/") !== names.join("/"));
  if (other) {
    throw new ToolError(
      "invalid_input",
      `Files differ in their partition folders: ${first.uri} has ${listNames(first.partition)}, ` +
        `${other.uri} has ${listNames(other.partition)}. Name one layout with a glob.`,
    );
  }
  return names.map((name) => ({ name, type: typeOfValues(files.map(({ partition }) => partition[name])) }));
}

function listNames(partition: PartitionValues): string {
  return Object.keys(partition).join(", ") || "none";
}

function typeOfValues(values: readonly (string | null | undefined)[]): string {
  const present = new Set(values.filter((value) => typeof value === "string"));
  if (present.size === 0) return "VARCHAR";
  if ([...present].every(isCanonicalBigint)) return "BIGINT";
  return [...present].every(isCanonicalDate) ? "DATE" : "VARCHAR";
}

function isCanonicalBigint(text: string): boolean {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) return false;
  const value = BigInt(text);
  return value <= maxBigint && value >= -maxBigint - 1n;
}

function isCanonicalDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
