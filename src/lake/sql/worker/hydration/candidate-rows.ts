import type { DuckDBConnection } from "@duckdb/node-api";
import type { TreeNode } from "../../gate/syntax-tree.ts";
import type { FileReads, FileRows, JobScan, RunJob } from "../../protocol.ts";
import { identifier } from "../quoting.ts";
import { rowNumbersViewSql } from "../views.ts";
import { explain, type StatementNeeds } from "./explain.ts";
import { keyBound } from "./key-bound.ts";
import { planReads } from "./plan-reads.ts";
import type { DescribedTable } from "./sparse-tables.ts";
import { rowQuerySql, type TopStatement, topStatement } from "./top-statement.ts";
import { type Fetch, NotFetched, runVerified } from "./verified-run.ts";

const viewName = "_sluice_places";
const [fileColumn, rowColumn] = ["_sluice_file", "_sluice_row"] as const;
const keyColumn = (at: number) => `_sluice_key_${at}`;
/** Asked for beyond the rows wanted: by them it is seen whether rows beyond the last one tie with it. */
const spareRows = 10;
/** The reader's names for where a row is. A column of the file with such a name would be read in their place. */
const madeNames = /^(filename|file_row_number|file_index|_sluice_.*)$/i;

/** The table whose top rows a statement takes, and what finding them goes by. */
interface Search {
  connection: DuckDBConnection;
  job: RunJob;
  table: DescribedTable;
  scan: JobScan;
  statement: TopStatement;
  fetch: Fetch;
}

interface Attempt {
  /** Of the statement's sort keys, the first so many. */
  keyCount: number;
  /** A condition that rows which come first meet. */
  bound: string | undefined;
}

/**
 * Of a top-rows statement, all rows that may be in its result, found by the first of its sort keys, or by all where
 * that one ties: every row that is not among them comes after `LIMIT` others, whatever the further keys are. Undefined
 * for other statements, and where too many rows tie. Fetches what finding them takes.
 */
export async function candidateRows(
  connection: DuckDBConnection,
  job: RunJob,
  tables: readonly DescribedTable[],
  needs: StatementNeeds,
  fetch: Fetch,
): Promise<FileRows[] | undefined> {
  const [table] = tables;
  if (!needs.isReadTwice || !table || tables.length > 1 || job.tables.length > 1) return undefined;
  const scan = job.tables[table.index]?.scan;
  if (!scan || !isPlainParquet(scan) || table.columns.some(({ name }) => madeNames.test(name)))
    return undefined;
  const statement = await topStatement(connection, job.sql, table);
  if (!statement) return undefined;
  await setReadOnce(connection);
  try {
    return await search({ connection, job, table, scan, statement, fetch });
  } finally {
    await connection.run("RESET late_materialization_max_rows");
  }
}

/**
 * Has the engine read a table of few rows, or few columns, once: a second scan for the rest of the rows has no filter
 * in its plan that says which row groups it wants.
 */
export async function setReadOnce(connection: DuckDBConnection): Promise<void> {
  await connection.run("SET late_materialization_max_rows = 0");
}

function isPlainParquet({ format, files, view, tableFields, ranges }: JobScan): boolean {
  return format === "parquet" && !view && !tableFields && !ranges && files.every(({ deleted }) => !deleted);
}

async function search(search: Search): Promise<FileRows[] | undefined> {
  const { statement, connection, scan } = search;
  let bound = await orUndefined(() => keyBound(connection, statement, scan));
  let keyCount = 1;
  for (;;) {
    const found = await attempt(search, { keyCount, bound });
    if (found === "too few" && bound !== undefined) bound = undefined;
    else if (found === "tied" && keyCount < statement.keys.length) keyCount = statement.keys.length;
    else return typeof found === "object" ? found : undefined;
  }
}

/** `too few`: not so many rows meet the bound. `undefined`: the statement cannot be put so, or fails. */
async function attempt(
  search: Search,
  { keyCount, bound }: Attempt,
): Promise<FileRows[] | "too few" | "tied" | undefined> {
  const { connection, job, table, scan, statement, fetch } = search;
  const { limitRows } = statement;
  const askedRows = limitRows + spareRows;
  const prepared = await prepare(search, { keyCount, bound }, askedRows);
  if (!prepared) return undefined;
  await fetch(prepared.planned);
  const run = async () => (await connection.runAndReadAll(prepared.sql)).getRows();
  const rows = await orUndefined(async () => {
    const { value } = await runVerified({ connection, job, tables: [table], fetch, run });
    return value.map(([file, row, place]) => ({
      file: String(file),
      row: Number(row),
      place: Number(place),
    }));
  });
  if (!rows) return undefined;
  if (rows.length < limitRows && bound !== undefined) return "too few";
  const isWhole = rows.length < askedRows || rows.some(({ place }) => place > limitRows);
  return isWhole
    ? byFile(
        rows.filter(({ place }) => place <= limitRows),
        scan,
      )
    : "tied";
}

async function prepare(
  { connection, table, scan, statement, fetch }: Search,
  { keyCount, bound }: Attempt,
  askedRows: number,
): Promise<{ sql: string; planned: FileReads[] } | undefined> {
  return orUndefined(async () => {
    await connection.run(rowNumbersViewSql(viewName, scan, [fileColumn, rowColumn], bound));
    const keys = statement.keys.slice(0, keyCount);
    const rowsSql = await rowQuerySql(connection, statement, {
      view: viewName,
      columns: [
        ...keys.map(({ column }, at) => ({ name: column.name, alias: keyColumn(at) })),
        ...[fileColumn, rowColumn].map((name) => ({ name, alias: name })),
      ],
      orders: keys.map(({ order }) => order),
      limitRows: askedRows,
    });
    if (rowsSql === undefined) return undefined;
    const order = keys
      .map(({ order }, at) => `${identifier(keyColumn(at))} ${directionOf(order)}`)
      .join(", ");
    const sql = `SELECT ${fileColumn}, ${rowColumn}, rank() OVER (ORDER BY ${order}) FROM (${rowsSql})`;
    return { sql, planned: await planReads(connection, [table], await explain(connection, sql), { fetch }) };
  });
}

/** `DESC NULLS LAST`, with nothing for what the statement leaves to the engine. */
function directionOf({ type, null_order: nulls }: TreeNode): string {
  const direction = { ASCENDING: "ASC", DESCENDING: "DESC" }[String(type)] ?? "";
  return `${direction} ${nulls === "ORDER_DEFAULT" ? "" : String(nulls)}`;
}

function byFile(rows: readonly { file: string; row: number }[], { files }: JobScan): FileRows[] | undefined {
  const numbers = new Map(files.map(({ path }, file) => [path, file]));
  const found = new Map<number, number[]>();
  for (const { file: path, row } of rows) {
    const file = numbers.get(path);
    if (file === undefined || !Number.isSafeInteger(row)) return undefined;
    found.set(file, [...(found.get(file) ?? []), row]);
  }
  return [...found].map(([file, rows]) => ({ file, rows: rows.sort((a, b) => a - b) }));
}

/** What fails here is planned, or run and told, as any other statement. */
async function orUndefined<T>(work: () => Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof NotFetched) throw thrown;
    return undefined;
  }
}
