/** A question for the lake, and how its answer is to be held against the one over whole files. */
export type Question = SqlQuestion | RowsQuestion;

export interface SqlQuestion {
  kind: "sql";
  sql: string;
  /** Names of the tables it may read, for the sources and for the count of their bytes. */
  tables: string[];
  /** Places in the result of what it is ordered by; empty where no order is asked for. */
  orderedBy: number[];
  /** Where only some of the rows are asked for: the statement for all of them, and how many. */
  cut?: { wholeSql: string; limit: number; offset: number };
}

/** `Lake.readRows`, followed to its end or for `pages` pages. Its rows come in the order of the file. */
export interface RowsQuestion {
  kind: "rows";
  table: string;
  columns: string[];
  filter: string | undefined;
  maxRows: number;
  pages: number;
}
