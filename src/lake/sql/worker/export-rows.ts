import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import type { DuckDBConnection, DuckDBType } from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import type { Column } from "../engine.ts";
import { type ExportTarget, exportPath, type RunJob } from "../protocol.ts";
import { countMarkedCells } from "./count-marked.ts";
import type { Database } from "./database.ts";
import { distinctNames, escapedName, escapedSql, mayBeFormula, parquetTypeOf } from "./export-columns.ts";
import type { WrittenRows } from "./page-writer.ts";
import { identifier, literal } from "./quoting.ts";
import type { Report } from "./report.ts";
import { typeName } from "./type-name.ts";

/** How often the file's size is held against its bound. */
const watchEveryMs = 50;

const writers = {
  parquet: "FORMAT parquet, COMPRESSION zstd",
  // RFC 4180 ends lines so. NULL is nothing, and an empty text is two quotes.
  csv: "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NEW_LINE '\\r\\n'",
};

/** A column of the result on its way to the file. */
interface ExportColumn {
  /** As the result has it. */
  name: string;
  /** As the file has it. */
  written: string;
  type: DuckDBType;
}

/**
 * Runs a gated statement and writes all its rows to the call's folder, in their order. Throws `too_large` when the
 * file passes its bound.
 */
export async function exportRows(
  { connection, giveBack }: Database,
  { sql, folder }: RunJob,
  target: ExportTarget,
  report: Report,
): Promise<WrittenRows> {
  const path = exportPath(folder, target.format);
  const columns = await columnsOf(connection, sql, target);
  await giveBack();
  const view = identifier(`sluice-export-${randomUUID()}`);
  // A view takes the statement as it stands, whatever it ends with, and gives its columns names of our own.
  const names = columns.map((_, at) => `c${at}`).join(", ");
  await connection.run(`CREATE TEMP VIEW ${view}(${names}) AS ${sql}`);
  await giveBack();
  const select = columns.map(
    (column, at) => `${valueSql(column, `c${at}`, target)} AS ${identifier(column.written)}`,
  );
  const copy = `COPY (SELECT ${select.join(", ")} FROM ${view}) TO ${literal(path)} (${writers[target.format]}, USE_TMP_FILE false)`;
  const rows = await copyWithin(connection, copy, { path, maxBytes: target.maxBytes }, report);
  const { sizeBytes, ...exported } = await describeFile(connection, path, columns, target);
  return {
    rowsJson: "[]",
    more: false,
    totalRows: rows,
    columns: exported.columns,
    exported: { sizeBytes, notes: exported.notes },
  };
}

async function columnsOf(
  connection: DuckDBConnection,
  sql: string,
  target: ExportTarget,
): Promise<ExportColumn[]> {
  const statement = await connection.prepare(sql);
  try {
    const found = Array.from({ length: statement.columnCount }, (_, at) => ({
      name: statement.columnName(at),
      type: statement.columnType(at),
    }));
    const escapes = target.format === "csv" && target.escapeFormulas;
    const written = distinctNames(found.map(({ name }) => (escapes ? escapedName(name) : name)));
    return found.map((column, at) => ({ ...column, written: written[at] ?? column.name }));
  } finally {
    statement.destroySync();
  }
}

function valueSql(
  { type }: ExportColumn,
  expression: string,
  { format, escapeFormulas }: ExportTarget,
): string {
  if (format === "csv") return escapeFormulas && mayBeFormula(type) ? escapedSql(expression) : expression;
  const exact = parquetTypeOf(type);
  return exact === undefined ? expression : `CAST(${expression} AS ${exact})`;
}

/** Answers with the number of rows. */
async function copyWithin(
  connection: DuckDBConnection,
  copy: string,
  bound: { path: string; maxBytes: number },
  report: Report,
): Promise<number> {
  let isOver = false;
  const watch = () => {
    const sizeBytes = sizeOf(bound.path);
    if (sizeBytes > bound.maxBytes) {
      isOver = true;
      connection.interrupt();
    } else report.progress({ done: sizeBytes, message: "bytes written" });
  };
  const timer = setInterval(watch, watchEveryMs);
  try {
    const result = await connection.run(copy);
    watch();
    if (isOver) throw tooLarge(bound.maxBytes);
    return result.rowsChanged;
  } catch (thrown) {
    throw isOver ? tooLarge(bound.maxBytes) : thrown;
  } finally {
    clearInterval(timer);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function tooLarge(maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `The file would be larger than the ${maxBytes} bytes that lake.exports.maxBytes allows. Select fewer rows or columns, or aggregate.`,
    { details: { maxBytes, setting: "lake.exports.maxBytes" } },
  );
}

type Described = { columns: Column[]; sizeBytes: number; notes: string[] };

async function describeFile(
  connection: DuckDBConnection,
  path: string,
  columns: readonly ExportColumn[],
  target: ExportTarget,
): Promise<Described> {
  const own = columns.map(({ written, type }) => ({ name: written, type: typeName(type) }));
  const written = target.format === "parquet" ? await parquetColumns(connection, path) : own;
  const notes = [...nameNotes(columns), ...typeNotes(own, written), ...escapeNotes(path, columns, target)];
  return { columns: written, sizeBytes: sizeOf(path), notes };
}

async function parquetColumns(connection: DuckDBConnection, path: string): Promise<Column[]> {
  const reader = await connection.runAndReadAll(`DESCRIBE SELECT * FROM read_parquet(${literal(path)})`);
  return reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** Names and types quoted in one note. */
const maxListed = 10;

function listed(texts: readonly string[]): string {
  const more = texts.length - maxListed;
  return `${texts.slice(0, maxListed).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

function nameNotes(columns: readonly ExportColumn[]): string[] {
  const changed = columns.filter(({ name, written }) => name !== written);
  if (changed.length === 0) return [];
  const pairs = changed.map(({ name, written }) => `${JSON.stringify(name)} → ${JSON.stringify(written)}`);
  return [
    `Columns have other names in the file, to be told apart and safe in spreadsheets: ${listed(pairs)}.`,
  ];
}

function typeNotes(own: readonly Column[], written: readonly Column[]): string[] {
  const changed = own.flatMap(({ name, type }, at) => {
    const now = written[at]?.type;
    return now === undefined || now === type ? [] : [`${JSON.stringify(name)} ${type} → ${now}`];
  });
  if (changed.length === 0) return [];
  return [
    `Parquet has no such types, so these columns were written as others, no digit lost: ${listed(changed)}.`,
  ];
}

function escapeNotes(path: string, columns: readonly ExportColumn[], target: ExportTarget): string[] {
  const isEscaped = target.format === "csv" && target.escapeFormulas;
  if (!isEscaped || !columns.some(({ type }) => mayBeFormula(type))) return [];
  const inHeader = columns.filter(
    ({ written }) => written !== "" && escapedName(written.slice(1)) === written,
  ).length;
  const cells = countMarkedCells(path) - inHeader;
  if (cells === 0) return [];
  return [
    `${cells} cells that a spreadsheet could run as formulas have a ' before them. Take it off, or export with escapeFormulas false, for the bare data.`,
  ];
}
