import { z } from "zod";
import { errorCodes } from "../../core/errors.ts";
import type { CsvDialect } from "../formats/format.ts";
import type { TableField } from "../tables/table-field.ts";
import type { FilesWithoutIds } from "../tables/table-snapshot.ts";
import type { Column, FilterRequest, RowRange, TextForm } from "./engine.ts";
import { fieldTypesState } from "./scan/field-types.ts";
import { type PreparedText, preparedText, readInPlace } from "./scan/prepared.ts";

/** A file of a scan as the worker gets it. */
export interface JobFile {
  /** Where the engine reads it. */
  path: string;
  uri: string;
  /** Index into the scan's `partitions`. */
  partition: number;
  /** What an earlier call found, where the file has not changed since. */
  prepared?: PreparedText | undefined;
  /** Only parts of the file may be there; the rest reads as zeros until it is asked for. Of Parquet. */
  isSparse?: boolean | undefined;
  /** The file is Parquet with the good records: of CSV their fields as text in `c0`, `c1`, …, of NDJSON all of each in `c0`. */
  isConverted?: boolean | undefined;
  /** Of Parquet: columns that hold decimals of more than 38 digits. */
  wideDecimals?: readonly string[] | undefined;
  /** Where the bitmap of rows that do not count is, or Parquet files that name them by `filePath`. */
  deleted?: { path: string; rowCount: number } | { filePath: string; paths: string[] } | undefined;
}

/** Values of the partition columns, in their order; `null` for Hive's default partition. Behind them, of fields that are kept outside by some files. */
export type PartitionValues = (string | null)[];

export interface JobScan {
  format: "parquet" | "csv" | "ndjson" | "text";
  files: JobFile[];
  partitionColumns: Column[];
  partitions: PartitionValues[];
  /** Of CSV and NDJSON. */
  columns: Column[];
  /** Of NDJSON: what the records call each of `columns`, where some have another name there. */
  members?: string[] | undefined;
  /** Of CSV. */
  dialect?: CsvDialect | undefined;
  /** Of Parquet: the table has these rows alone. */
  ranges?: RowRange[] | undefined;
  /** Of Parquet: the table has these rows alone. */
  rows?: readonly FileRows[] | undefined;
  /** Of Parquet: all files have the same columns. */
  areAlike?: boolean | undefined;
  /** A folder with these very files and nothing else, none of them a symbolic link, that no other scan ever has. */
  heldIn?: string | undefined;
  /** Numbers of partition columns whose values stand in the files' paths too. Of a held scan. */
  columnsInPaths?: readonly number[] | undefined;
  /** Of a table of Delta or Iceberg: all columns in their order. Partition columns are among them. */
  tableFields?: TableField[] | undefined;
  filesWithoutIds?: FilesWithoutIds | undefined;
  /** Made of `tableFields` in the worker. */
  view?: TableView | undefined;
}

/** The scan of a table of Delta or Iceberg, once its files were looked at: its SELECT, and the columns the files have by their own names. */
export interface TableView {
  select: string;
  columns: Column[];
}

/** What a worker may use for one call. Everything it writes goes to `folder`, which is the call's own. */
export interface JobLimits {
  folder: string;
  memoryBytes: number;
  threads: number;
  tempBytes: number;
}

export interface RunJob extends JobLimits {
  kind: "run";
  sql: string;
  /** Each with the names it has in FROM. */
  tables: { names: string[]; scan: JobScan }[];
  maxRows: number;
  maxBytes: number;
  /** Bytes of rows that may be kept for later pages; 0 keeps none. */
  maxKeptBytes: number;
  /** Say what would be read, and run nothing. */
  planOnly?: boolean | undefined;
  /** The statement ran over these very files before, and what it read is there. */
  known?: KnownReading | undefined;
  /** Present where jobs with the same `key` find the very same files under the same names, in this folder. */
  links?: { key: string; folder: string } | undefined;
  /** The tables came without their files: they are those of the last job over the same held folders. */
  isBrief?: boolean | undefined;
  /** Write all rows to a file in the folder, in place of a page. */
  exportTo?: ExportTarget | undefined;
}

/** A file that a statement's rows are written to. */
export interface ExportTarget {
  format: "parquet" | "csv";
  maxBytes: number;
  /** Of CSV: mark cells that a spreadsheet could run. */
  escapeFormulas: boolean;
}

/** Where in a call's folder its file is written. */
export function exportPath(folder: string, format: ExportTarget["format"]): string {
  return `${folder}/export.${format}`;
}

/** Where a worker that runs in `cwd` has the temporary files of a database that it keeps. */
export function workerTemp(cwd: string, pid: number): string {
  return `${cwd}/temp-${pid}`;
}

export interface KnownReading {
  /** It stops after the first rows, so that one thread is to read them. */
  isLimited: boolean;
  /** Rows of its one table, all of which its result is made of. */
  rows?: FileRows[] | undefined;
}

export const allRows: KnownReading = { isLimited: false };

export interface AnalyzeJob extends JobLimits {
  kind: "analyze";
  scan: JobScan;
}

/** Makes Parquet of text that comes through a pipe. */
export interface ConvertJob extends JobLimits {
  kind: "convert";
  uri: string;
  /** Pipe from the server. */
  sourcePath: string;
  /** Pipes from the scan to the engine, read one after the other, and the bytes one of them takes. */
  goodPaths: string[];
  pieceBytes: number;
  targetPath: string;
  form: TextForm;
  rowGroupRows: number;
  hasLongRecords: boolean;
}

/** Is a CSV file as simple as most are, so that the engine can read it as it is? */
export interface InspectJob extends JobLimits {
  kind: "inspect";
  path: string;
  uri: string;
  sizeBytes: number;
  /** Only parts of the file may be there: each is asked for before it is read, as table 0, file 0. */
  isSparse: boolean;
  dialect: CsvDialect;
  columnCount: number;
}

/** Which of the rows meet all conditions? */
export interface FilterJob extends JobLimits, Pick<FilterRequest, "columns" | "conditions"> {
  kind: "filter";
  rows: PartitionValues[];
}

export type Job = { kind: "plan"; sql: string } | RunJob | AnalyzeJob | FilterJob | ConvertJob | InspectJob;

export type ToWorker =
  | { id: number; job: Job }
  /** Answers `reads`: how many of the ranges were not there before. Or they could not be had, and the job is over. */
  | { id: number; fetched: { missing: number } | { failed: true } };

/** A worker ends itself with it when it watches its memory itself and has passed its bound. */
export const memorySignal = "SIGUSR2";

/** Of a call that passed the worker's bound and not the engine's, which a larger setting would not move. */
export const processMemoryMessage =
  "The statement took more memory outside the engine's own bound than a query worker may have. Filter or aggregate earlier, or read fewer columns at once; of a CSV file all columns count, also those that are not read.";

const column = z.object({ name: z.string(), type: z.string() });

/** Parts of a file that must be there: `table` and `file` are indexes into the job; offsets, in turn from and up to. */
const fileReads = z.object({ table: z.number(), file: z.number(), offsets: z.array(z.int().min(0)) });
export type FileReads = z.infer<typeof fileReads>;

/** Numbers of rows, from 0, in a file of a scan. */
const fileRows = z.object({ file: z.int().min(0), rows: z.array(z.int().min(0)) });
export type FileRows = z.infer<typeof fileRows>;

/** What was found of files that came without `prepared`: `table` and `file` are indexes into the job. */
const preparedFile = z.object({ table: z.number(), file: z.number(), text: preparedText });
export type PreparedFile = z.infer<typeof preparedFile>;

const rowCondition = z.object({ columns: z.array(z.string()), tree: z.record(z.string(), z.unknown()) });
const tableReading = z.object({ table: z.string(), conditions: z.array(rowCondition) });

export const planReply = z.object({
  tables: z.array(z.string()),
  readings: z.array(tableReading),
  typedColumns: z.union([z.array(z.string()), z.literal("any")]),
  firstRows: z.number().optional(),
  count: z.object({ name: z.string(), where: rowCondition.optional() }).optional(),
});

/** Numbers of the rows; null where the conditions cannot be told for the columns. */
export const filterReply = z.array(z.number()).nullable();

export const runReply = z.object({
  columns: z.array(column),
  /** The first page: a JSON array of rows. */
  rowsJson: z.string(),
  more: z.boolean(),
  /** Rows of the whole result, where the query ran to its end. */
  totalRows: z.number().optional(),
  /** All rows, the first page's too, one JSON array a line, where they were kept. */
  spool: z
    .object({
      path: z.string(),
      sizeBytes: z.number(),
      rowCount: z.number(),
      /** Offset of every `rowsPerMark`-th row. */
      marks: z.array(z.number()),
      rowsPerMark: z.number(),
      isCut: z.boolean(),
    })
    .optional(),
  prepared: z.array(preparedFile),
  /** How often the statement ran again because it read more than was planned. */
  reruns: z.number(),
  isLimited: z.boolean(),
  /** Rows of its one table, all of which the result is made of, where they were found before the rest was read. */
  rows: z.array(fileRows).optional(),
  /** Where nothing was run: what would be read of files of which only parts may be there. */
  planned: z.array(fileReads).optional(),
  /** Of the file, where one was asked for. */
  exported: z.object({ sizeBytes: z.number(), notes: z.array(z.string()) }).optional(),
});
export type RunReply = z.infer<typeof runReply>;

export const analyzeReply = z.object({
  columns: z.array(column),
  rowCount: z.number(),
  rejectedCount: z.number(),
  rejects: z.array(z.object({ uri: z.string(), line: z.number(), reason: z.string(), text: z.string() })),
  prepared: z.array(preparedFile),
});
export type AnalyzeReply = z.infer<typeof analyzeReply>;

export const convertReply = z.object({
  rowCount: z.number(),
  rejectedCount: z.number(),
  rejects: z.array(z.object({ line: z.number(), reason: z.string(), text: z.string() })),
  types: z.array(fieldTypesState),
  columns: z.array(column),
  hasMixedLineEnds: z.boolean(),
});
export type ConvertReply = z.infer<typeof convertReply>;

/** Null where only a scan can tell. */
export const inspectReply = z
  .object({ rowCount: z.int(), types: z.array(fieldTypesState), prepared: readInPlace })
  .nullable();
export type InspectReply = z.infer<typeof inspectReply>;

/** Everything a worker says. It runs what strangers wrote, so each message is checked. */
export const fromWorker = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready") }),
  z.object({ kind: z.literal("started"), id: z.number() }),
  /** The job came without its files, and they are not known here any more: it is to be sent with them. */
  z.object({ kind: z.literal("unknown"), id: z.number() }),
  z.object({
    kind: z.literal("progress"),
    id: z.number(),
    done: z.number(),
    total: z.number().optional(),
    message: z.string().optional(),
  }),
  /** `isCheck`: this is what was read; else what will be. */
  z.object({ kind: z.literal("reads"), id: z.number(), reads: z.array(fileReads), isCheck: z.boolean() }),
  z.object({
    kind: z.literal("done"),
    id: z.number(),
    result: z.unknown(),
  }),
  z.object({
    kind: z.literal("failed"),
    id: z.number(),
    code: z.enum(errorCodes),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
    /** The worker should not be used again. */
    isSpent: z.boolean(),
    cause: z.string().optional(),
  }),
  /** After `done` or `failed`: what the job held is given back, and this is what the worker still holds. */
  z.object({
    kind: z.literal("rested"),
    id: z.number(),
    rssBytes: z.number(),
    dataBytes: z.number().optional(),
  }),
]);
export type FromWorker = z.infer<typeof fromWorker>;
