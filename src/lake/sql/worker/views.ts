import { statSync } from "node:fs";
import type { Column, RowRange } from "../engine.ts";
import { partitionKey, valueKey } from "../partition-key.ts";
import type { FileRows, JobScan } from "../protocol.ts";
import { wholeRecord } from "../whole-record.ts";
import { ndjsonSelect, paths, type ReadyFile, readJson } from "./json-views.ts";
import { parquetNaN } from "./parquet-nan.ts";
import { identifier, list, literal } from "./quoting.ts";
import { unlessWide, wideColumns } from "./wide-decimals.ts";

/** `CREATE VIEW` for one table of a statement, named by the very text its FROM uses; in place of one of that name. */
export function viewSql(name: string, scan: JobScan): string {
  return `CREATE OR REPLACE VIEW ${identifier(name)} AS ${selectOf(scan)}`;
}

/** The same of a held scan: by its folder as one pattern where that has the files in their order, since of a list the engine looks at each file first. */
export function heldViewSql(name: string, scan: JobScan): string {
  const { heldIn = "", files, columnsInPaths = [] } = scan;
  const isPlain = !/[*?[\]\\]/.test(heldIn);
  const isInOrder = files.every(
    ({ partition }, at) => at === 0 || partition >= (files[at - 1]?.partition ?? 0),
  );
  const source =
    isPlain && isInOrder
      ? literal(`${heldIn}${"/*".repeat(1 + columnsInPaths.length)}/*.parquet`)
      : undefined;
  return `CREATE VIEW ${identifier(name)} AS ${parquetSelect(scan, "", source)}`;
}

function selectOf(scan: JobScan): string {
  if (scan.view) return scan.view.select;
  if (scan.files.length === 0) return emptySelect(scan);
  if (scan.rows) return rowsSelect(scan, scan.rows);
  if (scan.format === "parquet") return scan.ranges ? rangesSelect(scan, scan.ranges) : parquetSelect(scan);
  const runs = scan.format === "text" ? scan.files.map((file) => [file]) : alikeRuns(scan.files);
  return runs.map((files) => textSelect(scan, files)).join(" UNION ALL ");
}

function emptySelect(scan: JobScan): string {
  const own = [...scan.columns, ...scan.partitionColumns];
  const columns = own.length > 0 ? own : [wholeRecord];
  return `SELECT ${columns.map(({ name, type }) => `NULL::${type} AS ${identifier(name)}`).join(", ")} WHERE false`;
}

/**
 * The same of Parquet files, with two columns more: the path of each row's file, and its number in it, from 0.
 * `condition`: of rows that meet it alone.
 */
export function rowNumbersViewSql(
  name: string,
  scan: JobScan,
  [path, row]: readonly string[],
  condition?: string,
): string {
  const more = `filename AS ${identifier(path ?? "")}, file_row_number AS ${identifier(row ?? "")}`;
  const where = condition === undefined ? "" : ` WHERE ${condition}`;
  return `CREATE OR REPLACE VIEW ${identifier(name)} AS ${parquetSelect(scan, `, ${more}`)}${where}`;
}

/** Some rows of some files: row groups without such a row are never read. */
function rangesSelect(scan: JobScan, ranges: readonly RowRange[]): string {
  const conditions = new Map<number, string[]>();
  for (const { file, start, end } of ranges) {
    const isWithin = `(file_row_number >= ${start} AND file_row_number < ${end})`;
    conditions.set(file, [...(conditions.get(file) ?? []), isWithin]);
  }
  return selectOfFiles(
    scan,
    [...conditions].map(([file, isOne]) => ({ file, condition: isOne.join(" OR ") })),
  );
}

/** Single rows: row groups without one are not read. */
function rowsSelect(scan: JobScan, rowsOfFiles: readonly FileRows[]): string {
  const some = rowsOfFiles.filter(({ rows }) => rows.length > 0);
  return selectOfFiles(
    scan,
    some.map(({ file, rows }) => ({ file, condition: `file_row_number IN (${rows.join(", ")})` })),
  );
}

/** One scan of each file: the threads share its row groups, but of a union they take one scan after the other. */
function selectOfFiles(scan: JobScan, conditions: readonly { file: number; condition: string }[]): string {
  const selects = conditions.flatMap(({ file, condition }) => {
    const one = scan.files[file];
    return one ? [`(${parquetSelect({ ...scan, files: [one] })} WHERE ${condition})`] : [];
  });
  const [only] = selects;
  if (scan.files.length === 1 && only !== undefined) return only;
  return [noRowsSelect(scan), ...selects].join(" UNION ALL BY NAME ");
}

/** All files' columns, which those of some rows may lack. */
function noRowsSelect(scan: JobScan): string {
  return `(${parquetSelect(scan)} WHERE false)`;
}

/** Partition columns of the same name win over the files' own, as in Hive. */
function parquetSelect(scan: JobScan, more = "", source = pathsOf(scan)): string {
  const { files, partitionColumns } = scan;
  const isPartitioned = partitionColumns.length > 0;
  const options = `${parquetNaN}, hive_partitioning = ${isPartitioned}, union_by_name = ${files.length > 1 && !scan.areAlike}${isPartitioned ? hiveTypes(scan) : ""}`;
  const reader = `read_parquet(${source}, ${options})`;
  const partitionNames = partitionColumns.map(({ name }) => name);
  const wide = wideColumns(files, partitionNames);
  const replaced = wide.length === 0 ? "" : ` REPLACE (${wide.map(unlessWide).join(", ")})`;
  if (!isPartitioned) return `SELECT *${replaced}${more} FROM ${reader}`;
  const keys = [partitionKey, ...(scan.columnsInPaths ?? []).map(valueKey)];
  const own = list([...keys, ...partitionNames, ...wide].map((name) => literal(name.toLowerCase())));
  const others = wide.map((name) => `${unlessWide(name)}, `).join("");
  return `SELECT COLUMNS(c -> lower(c) NOT IN ${own}), ${others}${partitionExpressions(scan)}${more} FROM ${reader}`;
}

function pathsOf({ files }: JobScan): string {
  return list(files.map(({ path }) => literal(path)));
}

function hiveTypes({ partitionColumns, columnsInPaths = [] }: JobScan): string {
  const values = columnsInPaths.map(
    (column) => `, '${valueKey(column)}': ${partitionColumns[column]?.type ?? "VARCHAR"}`,
  );
  return `, hive_types = {'${partitionKey}': BIGINT${values.join("")}}`;
}

/** Each partition column by its folder's name, or by the index in it: the engine prunes files by filters on it. */
function partitionExpressions({ partitionColumns, partitions, columnsInPaths }: JobScan): string {
  return partitionColumns
    .map(({ name, type }, column) => {
      if (columnsInPaths?.includes(column)) return `${valueKey(column)} AS ${identifier(name)}`;
      const values = partitions.map((values) => {
        const value = values[column];
        return value === null || value === undefined ? "NULL" : literal(value);
      });
      return `list_extract(${list(values)}::VARCHAR[]::${type}[], ${partitionKey} + 1) AS ${identifier(name)}`;
    })
    .join(", ");
}

/** Neighbouring files that the engine can open with the same options. */
function alikeRuns(files: readonly ReadyFile[]): ReadyFile[][] {
  const runs: ReadyFile[][] = [];
  let last = "";
  for (const file of files) {
    const { prepared } = file;
    const kind = JSON.stringify([
      prepared?.hasHeader,
      prepared?.hasLineFeeds,
      prepared?.isSplittable,
      prepared?.isCopy,
      file.isConverted,
    ]);
    if (kind === last) runs.at(-1)?.push(file);
    else runs.push([file]);
    last = kind;
  }
  return runs;
}

function textSelect(scan: JobScan, files: readonly ReadyFile[]): string {
  const partition = scan.partitionColumns.length === 0 ? "" : `, ${partitionExpressions(scan)}`;
  const hive =
    partition === "" ? ", hive_partitioning = false" : `, hive_partitioning = true${hiveTypes(scan)}`;
  if (scan.format === "csv") return csvSelect(scan, files, partition, hive);
  if (scan.format === "ndjson") return ndjsonSelect(scan, files, partition, hive);
  return linesSelect(files, partition, hive);
}

function csvSelect(scan: JobScan, files: readonly ReadyFile[], partition: string, hive: string): string {
  const { dialect } = scan;
  if (!dialect) throw new TypeError("A CSV scan has no dialect.");
  if (files[0]?.isConverted) return convertedSelect(scan, files, partition, hive);
  // The engine's reader finds the types itself: an expression for every column takes memory that thousands of
  // columns do not have. It would refuse `""` in a number, which is read as text and cast.
  const textFirst = new Set(files.flatMap(({ prepared }) => prepared?.quotedEmpties ?? []));
  const columns = scan.columns.map(({ name, type }, index) => {
    const isCast = type !== "VARCHAR" && textFirst.has(index);
    return `${isCast ? `CAST(nullif(c${index}, '') AS ${type})` : `c${index}`} AS ${identifier(name)}`;
  });
  const reader = readCsv(files, {
    columns: scan.columns.map(({ type }, index) => ({
      name: `c${index}`,
      type: textFirst.has(index) ? "VARCHAR" : type,
    })),
    separator: dialect.separator,
    quote: dialect.quote,
    escape: dialect.escape,
  });
  return `SELECT ${columns.join(", ")}${partition} FROM ${reader}${hive})`;
}

/** Fields are there as their text. What was `""` is text, and in other columns nothing. */
function convertedSelect(
  scan: JobScan,
  files: readonly ReadyFile[],
  partition: string,
  hive: string,
): string {
  const columns = scan.columns.map(({ name, type }, at) => {
    const value = type === "VARCHAR" ? `c${at}` : `CAST(nullif(c${at}, '') AS ${type})`;
    return `${value} AS ${identifier(name)}`;
  });
  return `SELECT ${columns.join(", ")}${partition} FROM read_parquet(${paths(files)}${hive})`;
}

/** A text file is a CSV file of one column whose separator it does not hold, or a copy as NDJSON. */
function linesSelect(files: readonly ReadyFile[], partition: string, hive: string): string {
  const separator = files[0]?.prepared?.separator;
  const reader =
    separator === undefined
      ? `${readJson(files, "{'line': 'VARCHAR'}")}${hive})`
      : `${readCsv(files, { columns: [{ name: "line", type: "VARCHAR" }], separator, quote: "", escape: "" })}${hive})`;
  return `SELECT row_number() OVER () AS line_number, coalesce(line, '') AS line${partition} FROM ${reader}`;
}

interface CsvReading {
  columns: Column[];
  separator: string;
  quote: string;
  escape: string;
}

/** Everything is said, nothing sniffed: no padding, no skipping, and any disagreement is an error. */
function readCsv(files: readonly ReadyFile[], { columns, ...marks }: CsvReading): string {
  const first = files[0]?.prepared;
  const longestBytes = Math.max(0, ...files.map(({ prepared }) => prepared?.longestRecordBytes ?? 0));
  const maxLineBytes = Math.max(64 << 10, longestBytes + 1024);
  const sizes = files.map(({ path, prepared }) => statSync(prepared?.path ?? path).size);
  const bufferBytes = csvBufferBytes(sizes, maxLineBytes);
  return csvReader({
    paths: paths(files),
    columns,
    ...marks,
    hasHeader: first?.hasHeader ?? false,
    hasLineFeeds: first?.hasLineFeeds ?? false,
    isSplittable: first?.isSplittable ?? false,
    maxLineBytes,
    bufferBytes,
  });
}

const wholeBufferBytes = 8 << 20;
const roomBytes = 64 << 10;

/**
 * Never as many as a file has: where it fills a buffer to its last byte and its last line has no end, DuckDB 1.5.6 reads it
 * by several threads without that line.
 */
export function csvBufferBytes(fileSizes: readonly number[], maxLineBytes: number): number {
  // Every reader of a UNION has its buffers from the start: hundreds of small files must not take 8 MiB each.
  const largestBytes = fileSizes.reduce((most, sizeBytes) => Math.max(most, sizeBytes), 0);
  let bufferBytes = Math.max(maxLineBytes * 2, Math.min(wholeBufferBytes, largestBytes));
  while (fileSizes.includes(bufferBytes)) bufferBytes += roomBytes;
  return bufferBytes;
}

/** A call of the engine's CSV reader, all of it said. */
export interface CsvReader extends CsvReading {
  /** As a list in SQL. */
  paths: string;
  hasHeader: boolean;
  hasLineFeeds: boolean;
  isSplittable: boolean;
  maxLineBytes: number;
  bufferBytes: number;
}

/** The call as SQL, for more options to follow, without its closing parenthesis. */
export function csvReader(how: CsvReader): string {
  return `read_csv(${how.paths}, auto_detect = false, header = ${how.hasHeader},
    columns = {${how.columns.map(({ name, type }) => `${literal(name)}: ${literal(type)}`).join(", ")}},
    delim = ${literal(how.separator)}, quote = ${literal(how.quote)}, escape = ${literal(how.escape)}, comment = '',
    ${how.hasLineFeeds ? "new_line = '\\n'," : ""}
    strict_mode = true, null_padding = false, ignore_errors = false, nullstr = '', allow_quoted_nulls = false,
    max_line_size = ${how.maxLineBytes}, buffer_size = ${how.bufferBytes},
    parallel = ${how.isSplittable}`;
}
