import type { DuckDBConnection } from "@duckdb/node-api";
import type { PassedStatement } from "../../gate/gate.ts";
import { allRows, type FileReads, type FileRows, type RunJob } from "../../protocol.ts";
import { viewSql } from "../views.ts";
import { candidateRows, setReadOnce } from "./candidate-rows.ts";
import { explain, type StatementNeeds } from "./explain.ts";
import { planReads } from "./plan-reads.ts";
import { startReadLog } from "./read-log.ts";
import { readsOfRows } from "./reads-of-rows.ts";
import { type DescribedTable, describeTables, type SparseTable, sparseTables } from "./sparse-tables.ts";
import { readsOfTopRows } from "./top-rows.ts";
import type { Fetch } from "./verified-run.ts";

/** What is to be read of files of which only parts may be there. */
export interface Reading {
  tables: readonly SparseTable[];
  planned: FileReads[];
  isLimited: boolean;
  /** Rows that the views of the job's one table are made of, in place of all. */
  rows?: FileRows[] | undefined;
}

/** Plans a job's reading. Undefined where all its files are whole. The settings must not be locked yet. */
export async function planReading(
  connection: DuckDBConnection,
  job: RunJob,
  { limitRows }: PassedStatement,
  fetch: Fetch,
): Promise<Reading | undefined> {
  const tables = sparseTables(job);
  if (tables.length === 0) return undefined;
  await startReadLog(connection);
  const known = job.known && { ...job.known, planned: [] };
  const found = known ?? (await planByEngine(connection, job, tables, limitRows, fetch));
  // Further threads would begin row groups that the first rows do not need.
  if (found.isLimited) await connection.run("SET threads = 1");
  if (found.rows) await setReadOnce(connection);
  return { tables, ...found };
}

/**
 * The same in a database whose settings are locked and are those of `job.known`, or of a statement over all rows.
 * Undefined where the statement turns out to want others.
 */
export async function planReadingInKept(
  connection: DuckDBConnection,
  job: RunJob,
  fetch: Fetch,
): Promise<Reading | undefined> {
  const tables = sparseTables(job);
  if (job.known || tables.length === 0) return { tables, planned: [], ...(job.known ?? allRows) };
  const described = await describeTables(connection, tables);
  const needs = await explain(connection, job.sql);
  if (needs.isLimited || needs.isReadTwice) return undefined;
  const planned = await planReads(connection, described, needs, mayFetch(job, fetch));
  return { tables, planned, isLimited: false };
}

async function planByEngine(
  connection: DuckDBConnection,
  job: RunJob,
  tables: readonly SparseTable[],
  firstRows: number | undefined,
  fetch: Fetch,
): Promise<Omit<Reading, "tables">> {
  const described = await describeTables(connection, tables);
  const needs = await explain(connection, job.sql);
  const rows = job.planOnly ? undefined : await candidateRows(connection, job, described, needs, fetch);
  if (rows) return planOfRows(connection, job, described, needs, rows);
  const topRows = job.planOnly ? undefined : await readsOfTopRows(connection, job, described, needs, fetch);
  const planned =
    topRows ?? (await planReads(connection, described, needs, { firstRows, ...mayFetch(job, fetch) }));
  return { planned, isLimited: needs.isLimited };
}

function mayFetch({ planOnly }: RunJob, fetch: Fetch): { fetch?: Fetch } {
  return planOnly ? {} : { fetch };
}

/** Makes the views of the one table anew, of the rows alone. */
async function planOfRows(
  connection: DuckDBConnection,
  job: RunJob,
  [table]: readonly DescribedTable[],
  needs: StatementNeeds,
  rows: FileRows[],
): Promise<Omit<Reading, "tables">> {
  for (const { names, scan } of job.tables) {
    for (const name of names) await connection.run(viewSql(name, { ...scan, rows }));
  }
  const stretches = rows.flatMap(({ file, rows }) => rows.map((row) => ({ file, first: row, last: row })));
  const planned = table ? await readsOfRows(connection, table, needs, stretches) : [];
  return { planned, isLimited: false, rows };
}
