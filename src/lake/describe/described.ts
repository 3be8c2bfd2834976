import type { DatasetDescription } from "../lake.ts";

/** What one part of a description adds. */
export type Described = Pick<DatasetDescription, "columns" | "notes"> &
  Partial<Pick<DatasetDescription, "rows" | "rejectedRows" | "parquet">>;
