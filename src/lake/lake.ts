import type { OutsideWork } from "../core/outside.ts";
import type { AthenaTables } from "./athena/open-athena.ts";
import type { DatabricksHealth } from "./databricks/health.ts";
import type { DatabricksTables } from "./databricks/tables.ts";
import type { CommitRecord } from "./delta/history.ts";
import type { EngineChoice, EngineName, Execution } from "./engines/engine.ts";
import type { LakeEstimate } from "./engines/estimate.ts";
import type { Compression, CsvDialect, DataFormat, FormatHints, TextEncoding } from "./formats/format.ts";
import type { Reach } from "./reach.ts";
import type { LakeScope } from "./scope.ts";
import type { Column, RowPage } from "./sql/engine.ts";
import type { ObjectDetails, Stores } from "./stores/store.ts";

/** How far a number can be trusted. */
export type Exactness = "exact" | "estimated";

/** A dataset as a caller names it: one object, a folder or prefix, or a glob, and what the caller says of it. */
export interface DatasetRequest extends FormatHints {
  uri: string;
  /** Of a Delta table: the state of this version. Of Iceberg too: the last one not after this time (ISO 8601). */
  version?: number | undefined;
  timestamp?: string | undefined;
  /** Of an Iceberg table: the id of a snapshot in digits, or the name of a branch or tag. */
  snapshot?: string | undefined;
}

export interface ParquetFacts {
  rowGroups: number;
  codecs: string[];
  createdBy?: string;
  version: number;
}

/** What the log of a Delta table says of it. */
export interface DeltaFacts {
  version: number;
  /** Of the version; absent where its commit's file is gone. */
  timestamp?: Date;
  minReaderVersion: number;
  minWriterVersion: number;
  features: string[];
  partitionColumns: string[];
  properties: Record<string, string>;
  name?: string;
  description?: string;
  /** The last commits, newest first. */
  history: CommitRecord[];
}

/** What the metadata of an Iceberg table says of it. */
export interface IcebergFacts {
  formatVersion: number;
  /** The id of the snapshot that is described; absent of a table that never had a row. */
  snapshot?: string;
  timestamp?: Date;
  metadataFile: string;
  /** Where the metadata says the table is. */
  location: string;
  /** Names and transforms of now. */
  partitionedBy: string[];
  /** Branches and tags by their names: `branch 123`. */
  refs: Record<string, string>;
  properties: Record<string, string>;
  /** The snapshot and those it came from, newest first. */
  history: { snapshot: string; timestamp: Date; summary: Record<string, string> }[];
}

/** What a catalog says of a table. */
export interface TableFacts {
  /** Such as `MANAGED`, `EXTERNAL`, `VIEW`. */
  type: string;
  comment?: string;
  owner?: string;
  location?: string;
  createdAt?: string;
  partitionColumns?: string[];
  properties?: Record<string, string>;
  /** Of the Glue catalog: where it is, and the account it is of. */
  catalog?: string;
  region?: string;
  account?: string;
  /** Rows or values are held back from some readers. */
  isFiltered?: boolean;
}

/** What can be said of a dataset. Fields that are unknown are absent, never guessed. */
export interface DatasetDescription {
  uri: string;
  /** A `DataFormat`, `delta` or `iceberg`; of a catalog's table what the catalog says, in lower case. */
  format: DataFormat | (string & {});
  compression?: Compression;
  encoding?: TextEncoding;
  dialect?: CsvDialect;
  fileCount?: number;
  sizeBytes?: number;
  columns: (Column & { comment?: string })[];
  /** Hive partition columns, with how many values each has. */
  partitions: { name: string; type: string; values: number; sample: string[] }[];
  rows?: { count: number; exactness: Exactness };
  rejectedRows?: number;
  parquet?: ParquetFacts;
  delta?: DeltaFacts;
  iceberg?: IcebergFacts;
  /** Of the object, where the dataset is one object. */
  object?: ObjectDetails;
  /** Of a catalog's table. */
  table?: TableFacts;
  lastModified?: Date;
  notes: string[];
}

export interface ReadRowsRequest extends DatasetRequest {
  /** Columns by name, in order. Empty: all. */
  columns: string[];
  /** A SQL condition over the columns, such as `status = 'paid' AND total > 10`. */
  filter?: string;
  maxRows: number;
  maxBytes: number;
  cursor?: string;
}

export interface RejectedRow {
  uri: string;
  line: number;
  reason: string;
  text: string;
}

export interface DatasetRows extends RowPage {
  cursor?: string;
  rejectedCount: number;
  rejects: RejectedRow[];
}

export interface LakeQueryRequest {
  sql: string;
  /** Table name used in the statement → dataset. Names not found here are taken as URIs or local paths. */
  sources: Record<string, DatasetRequest>;
  /** Default: `auto`. */
  engine?: EngineChoice;
  maxRows: number;
  maxBytes: number;
  cursor?: string;
}

/** A page of a statement's result, and where it ran. */
export interface LakeQueryRows extends DatasetRows {
  engine: EngineName;
  /** Of a remote engine. */
  execution?: Execution;
}

export interface ExportQueryRequest {
  sql: string;
  /** As of a query. */
  sources: Record<string, DatasetRequest>;
  format: "parquet" | "csv";
  /** `s3://bucket/prefix/`, inside what may be written. Default: the first of it. */
  folder?: string;
  /** Of the object in the folder, with or without its ending. Default: one made of the request. */
  name?: string;
  /** How long the link is good. Default and bound: by the settings. */
  expiresMs?: number;
  /** Of CSV: mark cells that a spreadsheet could run. */
  escapeFormulas: boolean;
  /** Requests that have it in common are one export, though the data changed meanwhile. */
  idempotencyKey?: string;
}

/** What an export would do. */
export interface ExportPlan {
  uri: string;
  /** As asked of S3, such as `aws:kms (alias/exports)`; `bucket` leaves it to the bucket. */
  encryption: string;
  /** Where the settings name it. */
  region?: string;
  /** The same export, made before: it is given again and nothing is written. */
  there?: { sizeBytes: number; lastModified: Date };
  /** Stays the same as long as the export would go there, and what is there does. */
  stateSeen: string;
  /** The same before and after it was made. */
  repeatableAs: string;
}

export interface ExportedQuery {
  uri: string;
  /** Gives the object to whoever has it. */
  url: string;
  expiresAt: Date;
  rows: number;
  sizeBytes: number;
  /** As the file has them. */
  columns: Column[];
  rejectedCount: number;
  notes: string[];
}

export interface ProfileRequest extends DatasetRequest {
  /** Columns by name. Empty: all. */
  columns: string[];
  /** Footer: what Parquet footers say. Sample: some rows. Whole: every row. Auto: whole, or a sample of what is large. */
  mode: "auto" | "footer" | "sample" | "whole";
  /** Values in `top` of each column. */
  topValues: number;
  histogramBins: number;
  /** Profiles at most `maxColumns` of them, from the one numbered `firstColumn` (from 0). */
  firstColumn: number;
  maxColumns: number;
}

export interface ColumnProfile {
  name: string;
  type: string;
  /** Unknown only by footers. */
  nulls?: number;
  distinct?: { count: number; exactness: Exactness };
  min?: unknown;
  max?: unknown;
  mean?: unknown;
  stddev?: number;
  /** `{p25, p50, p75, …}` of numbers and times. */
  quantiles?: Record<string, unknown>;
  top?: { value: unknown; count: number }[];
  histogram?: { from: unknown; to: unknown; count: number }[];
}

export interface DatasetProfile {
  rowCount: number;
  /** Rows looked at; less than `rowCount` for a sample, none by footers. */
  profiledRows: number;
  mode: "footer" | "sample" | "whole";
  columns: ColumnProfile[];
  /** Columns asked for, of which `columns` is a part. */
  columnCount: number;
  rejectedCount: number;
  notes: string[];
}

export interface TextContent {
  text: string;
  encoding: TextEncoding;
  compression: Compression;
  /** Whether the text goes on past the bytes asked for. */
  truncated: boolean;
  object: ObjectDetails;
}

/** What of the data engine some callers see. Everything it throws is a `ToolError`. */
export interface LakeView {
  /** Listing and heads, behind the boundaries. */
  stores: Stores;
  describe(request: DatasetRequest, scope: LakeScope): Promise<DatasetDescription>;
  readRows(request: ReadRowsRequest, scope: LakeScope): Promise<DatasetRows>;
  /** Tables of Unity Catalog, where the settings name a workspace. */
  databricks?: DatabricksTables & DatabricksHealth;
  /** Tables of the Glue catalog, where the settings name a workgroup of Athena. */
  athena?: AthenaTables;
  /** Engines a statement may run on here. */
  engines: readonly EngineName[];
  query(request: LakeQueryRequest, scope: LakeScope): Promise<LakeQueryRows>;
  /** Stops a statement that a call began on another engine and no longer waits for. Throws where it may go on. */
  stop(work: OutsideWork, scope: LakeScope): Promise<void>;
  /** What a statement would take and where it would run, without running it. */
  estimate(request: LakeQueryRequest, scope: LakeScope): Promise<LakeEstimate>;
  /** Writes a statement's whole result to an object. The same request again finds the object of the first. */
  exportQuery(request: ExportQueryRequest, scope: LakeScope): Promise<ExportedQuery>;
  /** What that would do, without doing it. */
  planExport(request: ExportQueryRequest, scope: LakeScope): Promise<ExportPlan>;
  profile(request: ProfileRequest, scope: LakeScope): Promise<DatasetProfile>;
  /** The text of one object, decompressed and decoded, up to `summarize.maxInputBytes` of UTF-8. */
  readText(uri: string, scope: LakeScope): Promise<TextContent>;
}

/** What a tenant sees of the lake. */
export interface TenantLake extends LakeView {
  within(reach: Reach): LakeView;
}

/** The data engine, as tools see it: all that the server may read. */
export interface Lake extends LakeView {
  /** The lake as those see it who may read only what lies in `reach` too. */
  within(reach: Reach): LakeView;
  /** The lake as a tenant of the settings sees it, with credentials of its own. Throws `denied` for any other. */
  ofTenant(tenantId: string): TenantLake;
  close(): Promise<void>;
}

declare module "../core/tool.ts" {
  interface Services {
    lake: LakeView;
  }
}
