import type { DuckDBConnection } from "@duckdb/node-api";
import type { GatedStatement } from "../../gate/gate.ts";
import type { FileReads, RunJob } from "../../protocol.ts";
import { explain } from "./explain.ts";
import { planReads } from "./plan-reads.ts";
import { startReadLog } from "./read-log.ts";
import { type SparseTable, sparseTables } from "./sparse-tables.ts";
import { readsOfTopRows } from "./top-rows.ts";
import type { Fetch } from "./verified-run.ts";

/** What is to be read of files of which only parts may be there. */
export interface Reading {
  tables: readonly SparseTable[];
  planned: FileReads[];
}

/** Plans a job's reading. Undefined where all its files are whole. The settings must not be locked yet. */
export async function planReading(
  connection: DuckDBConnection,
  job: RunJob,
  { limitRows }: GatedStatement,
  fetch: Fetch,
): Promise<Reading | undefined> {
  const tables = await sparseTables(connection, job);
  if (tables.length === 0) return undefined;
  const needs = await explain(connection, job.sql);
  // Further threads would begin row groups that the first rows do not need.
  if (needs.isLimited) await connection.run("SET threads = 1");
  const topRows = job.planOnly ? undefined : await readsOfTopRows(connection, job, tables, needs, fetch);
  const planned = topRows ?? (await planReads(connection, tables, needs, { firstRows: limitRows }));
  await startReadLog(connection);
  return { tables, planned };
}
