/** A value a statement can compute from one row of a table. */
export interface Term {
  /** SQL in which `@` stands for the table's name and a dot. */
  sql: string;
  /** DuckDB's type text. */
  type: string;
  kind: TermKind;
  /** Literals of values that are there, and of some that are not. */
  samples: string[];
}

export type TermKind =
  | "integer"
  | "decimal"
  | "float"
  | "text"
  | "date"
  | "timestamp"
  | "time"
  | "boolean"
  | "scalar"
  | "nested";

/** A table as statements are made about it. */
export interface FuzzTable {
  name: string;
  uri: string;
  rows: number;
  /** Of all its files. */
  sizeBytes: number;
  /** Terms of its columns come first, in their order; parts of nested ones follow. */
  terms: Term[];
  columnCount: number;
  /** Column whose values are all there and all different. */
  uniqueColumn: string | undefined;
}

const kinds: readonly (readonly [RegExp, TermKind])[] = [
  [/[[\]]|^(STRUCT|MAP|UNION|VARIANT)\b/, "nested"],
  [/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER)$/, "integer"],
  [/^DECIMAL/, "decimal"],
  [/^(FLOAT|DOUBLE)$/, "float"],
  [/^VARCHAR$/, "text"],
  [/^DATE$/, "date"],
  [/^TIMESTAMP/, "timestamp"],
  [/^TIME\b/, "time"],
  [/^BOOLEAN$/, "boolean"],
];

/** What can be done with values of a type. */
export function kindOf(type: string): TermKind {
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "scalar";
}

/** A column's name as SQL has it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
