/** What can be asked of a column. */
export type ColumnKind = "integer" | "decimal" | "float" | "instant" | "time" | "text" | "boolean" | "other";

const kinds: readonly [RegExp, ColumnKind][] = [
  [/[[(]/, "other"],
  [/^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/, "integer"],
  [/^(FLOAT|DOUBLE)$/, "float"],
  [/^(DATE|TIMESTAMP(_S|_MS|_NS)?( WITH TIME ZONE)?|TIMESTAMPTZ)$/, "instant"],
  [/^TIME( WITH TIME ZONE)?$/, "time"],
  [/^(VARCHAR|UUID|ENUM)$/, "text"],
  [/^BOOLEAN$/, "boolean"],
];

/** The kind of one of DuckDB's types, as its text. Nested and binary values are `other`. */
export function kindOf(type: string): ColumnKind {
  if (/^DECIMAL\(\d+,\d+\)$/.test(type)) return "decimal";
  if (/^ENUM\(.*\)$/s.test(type)) return "text";
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other";
}

export function isNumber(kind: ColumnKind): boolean {
  return kind === "integer" || kind === "decimal" || kind === "float";
}

/** A name as an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
