import type { DatasetName } from "./data.ts";

/** What a question touches of a Parquet file: whose bytes nobody can do without. */
export interface Touched {
  /** Columns of every row group that can hold an answer; "all", or none where the footer answers. */
  columns: readonly string[] | "all";
  /** Row groups to look into: all of them unless the question says which. */
  rowGroups?:
    | { kind: "first" }
    /** Whose statistics of `column` overlap the range; both ends included. */
    | { kind: "between"; column: string; low: string | number; high: string | number }
    /** All for `columns`; and every column where the rows of the answer lie, found by `sql` (file_row_number). */
    | { kind: "answers"; sql: string };
  /** Hive partition that is looked into, such as `block=42`. */
  partition?: string;
}

/** A question every side answers. `{table}` stands for what is asked. */
export interface Question {
  name: string;
  datasets: readonly DatasetName[];
  tool: string;
  arguments(uri: string): Record<string, unknown>;
  /** Rows of the tool's answer, made comparable with those of `sql`. Left out: `rows`. */
  rowsOf?(output: Record<string, unknown>): unknown[][];
  /** The same to DuckDB. */
  sql: string;
  /** The same to Polars, which gets a frame `t`. Left out: see polars.ts. */
  polarsSql?: string;
  /** Columns of DuckDB's answer that are not compared. */
  ignored?: RegExp;
  /** Left out where it is not the question that says. */
  touched?: Touched;
  /** A way of Sluice's own; of the others only the local file is asked, to compare, and nobody with no `sql`. */
  mode?: string;
}
