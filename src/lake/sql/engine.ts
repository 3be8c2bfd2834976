import type { Progress } from "../../core/tool.ts";
import type { ByteRange } from "../cache/cache.ts";
import type { CsvDialect } from "../formats/format.ts";
import type { TableField } from "../tables/table-field.ts";
import type { FilesWithoutIds } from "../tables/table-snapshot.ts";
import type { RowCondition, TableReading } from "./gate/row-conditions.ts";
import type { TypedColumns } from "./gate/typed-columns.ts";
import type { FieldTypesState } from "./scan/field-types.ts";
import type { ReadInPlace } from "./scan/prepared.ts";

/** A column as results name it: DuckDB's type text, such as `BIGINT`, `DECIMAL(18,2)`, `STRUCT(a INTEGER)`. */
export interface Column {
  name: string;
  type: string;
}

/** A file as a worker opens it: plain UTF-8 text or Parquet, on local disk. */
export interface ScanFile {
  path: string;
  /** How callers name it; given as the `filename` of rejected rows. */
  uri: string;
  /** Hive partition values from its key, in order: `{year: "2025"}`. `null` for `__HIVE_DEFAULT_PARTITION__`. */
  partition: Record<string, string | null>;
  /**
   * Names this very content for ever, whatever becomes of the file: what a scan of it found is kept under this.
   * Left out: the file's identity on disk, which a cache that touches and links its files keeps changing.
   */
  version?: string;
  /**
   * Present where only parts of the file may be there, the rest reading as zeros. Of Parquet. Asks for ranges that
   * will be read or, for a check, that were. Throws `too_large` at once where they are more than may be read.
   */
  hydrate?: (ranges: readonly ByteRange[], isCheck: boolean) => Hydration;
  /**
   * Of files with `hydrate`, some. For what will be asked for while others may read the file: for a check it is not there
   * until `hydrate` is asked for it. Counts it at once. Undefined where it is more than may be read.
   */
  fetchAhead?: (ranges: readonly ByteRange[]) => Hydration | undefined;
  /** The file is the cache's: it may get further names for as long as it is pinned. */
  isCached?: boolean;
  /** Of CSV and NDJSON: the file is what `SqlEngine.convert` wrote. */
  isConverted?: boolean;
  /** Of Parquet: columns that hold decimals of more than 38 digits. A statement that looks at one fails. */
  wideDecimals?: readonly string[];
  /** Of CSV: how it is read, where `SqlEngine.inspect` has told that. */
  inPlace?: ReadInPlace;
  /** Of a table of Delta or Iceberg: its rows that do not count. */
  deleted?: DeletedRows;
}

/** A bitmap of a file's rows and how many they are; or local Parquet files that name rows of it by `filePath`. */
export type DeletedRows = { bitmap: Uint8Array; rowCount: number } | { filePath: string; paths: string[] };

/** Brings what was asked for; answers how many ranges of it were not there. */
export interface Hydration {
  fetch(signal: AbortSignal): Promise<number>;
}

/** Rows of one of a scan's files, numbered from 0, up to and without `end`. */
export interface RowRange {
  file: number;
  start: number;
  end: number;
}

/** How a worker turns files into one table. `ranges`: of these rows alone. */
export type Scan =
  | {
      format: "parquet";
      files: ScanFile[];
      partitionColumns: Column[];
      ranges?: RowRange[];
      /** All files have the same columns. */
      areAlike?: boolean;
      /** Of a table of Delta or Iceberg: all columns in their order, whatever the files have. */
      tableFields?: TableField[];
      filesWithoutIds?: FilesWithoutIds;
    }
  | { format: "csv"; files: ScanFile[]; partitionColumns: Column[]; dialect: CsvDialect; columns: Column[] }
  | {
      format: "ndjson";
      files: ScanFile[];
      partitionColumns: Column[];
      columns: Column[];
      /** What the records call each of `columns`, where some have another name there. */
      members?: string[];
    }
  /** Two columns: `line_number BIGINT`, `line VARCHAR`. */
  | { format: "text"; files: ScanFile[]; partitionColumns: Column[] };

/** A table of a statement: the very text used in FROM, and what it stands for. Several may share one scan object. */
export interface NamedScan {
  name: string;
  scan: Scan;
}

/** What a statement needs, known before any file is fetched. */
export interface StatementPlan {
  /** Tables in FROM that are not CTEs of the statement, as written, unique. */
  tables: string[];
  /** Every place that reads a table, with what is sure to hold of each of its rows that count. */
  readings: TableReading[];
  /** Columns that are compared with text or put in order, by their folded names, which may be more; or any may be. */
  typedColumns: TypedColumns;
  /** Present for a statement that takes the first rows of one table as they are, and so many. */
  firstRows?: number | undefined;
  /** Where it counts the rows of its one table and does nothing else: what the count is called, and which rows it is of. */
  count?: { name: string; where?: RowCondition | undefined } | undefined;
}

export interface PlanRequest {
  sql: string;
  tables: NamedScan[];
  /** A statement over these tables read all that this one will, so that none of it needs to be told and fetched first. */
  isReadBefore?: boolean;
  timeoutMs?: number;
}

/** Parts of a file a statement will read. */
export interface PlannedRead {
  file: ScanFile;
  ranges: ByteRange[];
}

export interface QueryRequest extends PlanRequest {
  /** Bounds of the first page. */
  maxRows: number;
  maxBytes: number;
  /** Keep the rows after the first page for `nextPage`, to walk through. False: the query stops after the page. */
  keepRest: boolean;
  /** Bytes that may be kept, where that is to be less than `lake.query.maxResultBytes`; nothing is said of a cut then. */
  maxKeptBytes?: number;
  /** Owner of the kept rows: only the same owner may walk them. */
  owner: string;
}

/** A statement whose rows go to a file. */
export interface ExportRequest extends PlanRequest {
  format: "parquet" | "csv";
  /** Of the file. */
  maxBytes: number;
  /** Of CSV: mark cells that a spreadsheet could run. */
  escapeFormulas: boolean;
}

/** A statement's whole result in a file, which is the caller's to remove. */
export interface ExportedFile {
  path: string;
  /** As the file has them. */
  columns: Column[];
  rows: number;
  sizeBytes: number;
  notes: string[];
  remove(): Promise<void>;
}

export interface RowPage {
  columns: Column[];
  /** JSON values: see docs/types.md. One array per row, in column order. */
  rows: unknown[][];
  /** Whether rows follow this page. */
  more: boolean;
  /** Present when `more` and the rows were kept. */
  handle?: string;
  /** Rows of the whole result, when the query ran to its end. */
  totalRows?: number;
  /** How often the statement ran again because it read more of its files than was planned. */
  hydration?: { reruns: number };
  /** Such as "the result is larger than lake.query.maxResultBytes; 1,204,112 rows were kept". */
  notes: string[];
}

/** What a full read of CSV or NDJSON files found: their types, how many rows are good, and the ones that are not. */
export interface TextAnalysis {
  columns: Column[];
  rowCount: number;
  rejectedCount: number;
  /** The first of them. `line` counts from 1; `text` is cut to 200 characters. */
  rejects: { uri: string; line: number; reason: string; text: string }[];
}

export interface AnalyzeRequest {
  /** `columns` of the scan are what is known beforehand: CSV names with type `VARCHAR`; empty for NDJSON. */
  scan: Extract<Scan, { format: "csv" | "ndjson" }>;
}

/** What a text is read as. */
export type TextForm = { format: "csv"; dialect: CsvDialect; columnCount: number } | { format: "ndjson" };

export interface ConvertRequest {
  /** The file's text as UTF-8 without a byte-order mark, from its beginning; asked for again where that is needed. */
  text(signal: AbortSignal): AsyncIterable<Uint8Array>;
  uri: string;
  /** Where the Parquet file is written. */
  targetPath: string;
  form: TextForm;
  /** About how much text there is at most. */
  mostTextBytes: number;
  /** About; it says how many rows are held in memory to be written together. */
  averageRecordBytes: number;
}

/** What was found of a text while it was converted. Plain JSON. */
export interface ConvertedText {
  rowCount: number;
  rejectedCount: number;
  rejects: { line: number; reason: string; text: string }[];
  /** Of CSV, one per column, to be joined with those of other files. */
  types: FieldTypesState[];
  /** Of NDJSON. */
  columns: Column[];
  hasMixedLineEnds: boolean;
}

export interface InspectRequest {
  /** Where only parts of it may be there, those that are read are asked for by its `hydrate`, in their order. */
  file: ScanFile;
  sizeBytes: number;
  dialect: CsvDialect;
  columnCount: number;
}

/** What was found of a CSV file that is read as it is: every record is good. Plain JSON. */
export interface InspectedText {
  rowCount: number;
  /** One per column, to be joined with those of other files. */
  types: FieldTypesState[];
  prepared: ReadInPlace;
}

export interface SqlScope {
  signal: AbortSignal;
  progress(update: Progress): void;
}

/**
 * Runs statements in locked-down child processes. All methods throw `invalid_input` for what the gate or the
 * binder refuses, `timeout`, `too_large` (memory, temp space), `unavailable` (no worker free in time),
 * `unsupported` or `internal` when the statement or file brought the worker down.
 */
export interface SqlEngine {
  /** Parses one statement and refuses all but a single SELECT inside the fence. Reads no file. */
  plan(sql: string, scope: SqlScope): Promise<StatementPlan>;
  run(request: QueryRequest, scope: SqlScope): Promise<RowPage>;
  /** Writes all rows, in their order. Throws `too_large` where the file would pass `maxBytes`. */
  exportRows(request: ExportRequest, scope: SqlScope): Promise<ExportedFile>;
  /** What a statement will read of the files of which only parts may be there, by its plan. Fetches and runs nothing. */
  planReads(request: PlanRequest, scope: SqlScope): Promise<PlannedRead[]>;
  /** Throws `not_found` for a handle that expired, was never given out, or belongs to another owner. */
  nextPage(
    handle: string,
    offset: number,
    owner: string,
    bounds: { maxRows: number; maxBytes: number },
  ): Promise<RowPage>;
  /** Reads the files whole, finds types that lose nothing, counts rows and rejects. */
  analyze(request: AnalyzeRequest, scope: SqlScope): Promise<TextAnalysis>;
  /** Which of the rows meet all conditions; undefined where they cannot be told for these columns. */
  filter(request: FilterRequest, scope: SqlScope): Promise<readonly number[] | undefined>;
  /**
   * Reads a text once, as it comes, and writes its good records as Parquet: of CSV each field as its text, of NDJSON
   * each record. Memory does not grow with it. Bounded by the scope's signal, not by `lake.query.timeoutMs`. Throws what the text throws.
   */
  convert(request: ConvertRequest, scope: SqlScope): Promise<ConvertedText>;
  /**
   * Makes the files of a scan ready for all statements over this very scan, until what it gives is called, which must
   * not be while one runs. Their paths must stay what they are. `linksFolder`: made and removed, with hard links to them
   * where those can be made.
   */
  hold(scan: Scan, linksFolder?: string): Promise<() => Promise<void>>;
  /**
   * Finds types and rows of a CSV file of simple form much faster than a scan does. Undefined for any other, as soon as
   * that is seen. Bounded by the scope's signal, not by `lake.query.timeoutMs`. Throws what `hydrate` throws.
   */
  inspect(request: InspectRequest, scope: SqlScope): Promise<InspectedText | undefined>;
  close(): Promise<void>;
}

/** Rows of text values, `null` for none, and conditions over their columns. */
export interface FilterRequest {
  /** Names these rows for ever, of these columns: what was found of them is remembered under it. */
  identity: string;
  /** `isTried`: a text that is none of the type is NULL; else nothing can be told where one is. */
  columns: (Column & { isTried?: boolean })[];
  rows(): Promise<(string | null)[][]>;
  conditions: RowCondition[];
}
