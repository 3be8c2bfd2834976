import type { DeletionVector } from "../delta/actions.ts";
import type { StoredObject } from "../stores/store.ts";
import type { ColumnBounds } from "./sure-bounds.ts";
import type { TableField } from "./table-field.ts";
import type { TableRoot } from "./table-root.ts";

/** What a table's log or metadata says of it at one moment, whatever format keeps it. */
export interface TableSnapshot {
  format: TableFormat;
  /** Names it for ever, by whose it is and the very files it was read from. */
  identity: string;
  root: TableRoot;
  /** Its state as a short text, of which a table has no other of the same meaning. */
  state: string;
  /** All columns in their order. */
  fields: TableField[];
  /** Those whose values are kept outside the files, and are of each file one. */
  partitionFields: TableField[];
  /** What becomes of files whose columns have no numbers, where fields are found by number. */
  filesWithoutIds?: FilesWithoutIds;
}

export type TableFormat = "Delta" | "Iceberg";

/** Their columns are all NULL, are found by `namesWithoutId`, or the table is refused. */
export type FilesWithoutIds = "null" | "names" | "refused";

/** What a table's log or metadata says of one of its files. */
export interface TableFile {
  /** Tells one state of the file from another: the same file may come with other deleted rows. */
  key: string;
  /** Rows that count. Undefined where it is not said. */
  rowCount(): number | undefined;
  /** How many of the file's rows do not count. Undefined where that is not said. */
  deletedCount: number | undefined;
  /** What is said of columns, for as many of them as it is said of. */
  statistics(fields: readonly TableField[]): FileStatistics | undefined;
  /** Of Delta: where the bitmap of rows that do not count is. */
  deletionVector?: DeletionVector | undefined;
  /** Of Iceberg: files that tell of rows that do not count. */
  positionDeletes?: PositionDeletes | undefined;
}

/** What is said of a file's columns. */
export interface FileStatistics {
  /** Rows in the file, those that do not count too. */
  rowCount?: number;
  /** By the columns' own names. Of plain top-level columns only. */
  columns: Map<string, ColumnBounds>;
}

export interface PositionDeletes {
  /** What the file is called in `files`. */
  filePath: string;
  /** Their etags are not known. */
  files: StoredObject[];
}
