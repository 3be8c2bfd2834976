import type { DuckDBConnection } from "@duckdb/node-api";
import type { PassedStatement } from "../gate/gate.ts";
import { allRows, exportPath, type JobScan, type RunJob, type RunReply } from "../protocol.ts";
import { type Instances, openDatabase } from "./database.ts";
import { exportRows } from "./export-rows.ts";
import { clearReadLog } from "./hydration/read-log.ts";
import { planReading, planReadingInKept, type Reading } from "./hydration/reading.ts";
import { sparseTables } from "./hydration/sparse-tables.ts";
import { type Fetch, runVerified } from "./hydration/verified-run.ts";
import { type KeptDatabase, type KeptDatabases, keptTemp } from "./kept-database.ts";
import { memoryHeld } from "./memory-held.ts";
import { prepareScans } from "./prepare-scans.ts";
import type { Report } from "./report.ts";
import { runOnce } from "./run-once.ts";
import { checkSessionNames } from "./session-columns.ts";
import { tableView } from "./table-view.ts";
import { viewSql } from "./views.ts";

/** What a statement's run takes beside the job. */
export interface RunTools {
  report: Report;
  fetch: Fetch;
  instances: Instances;
  /** Has work done after the answer was given. */
  later(work: () => void): void;
  /** Present for jobs whose database may be kept, and may be one that was. */
  kept: { key: string; databases: KeptDatabases } | undefined;
}

/** A database with the job's views in it. */
interface Opened {
  left: KeptDatabase;
  reading: Reading | undefined;
}

/** A worker that holds more than this after a statement gives the database back, and with it what the engine keeps for reuse. */
const mostKeptBytes = 200 << 20;

/** Runs one gated statement: the first page, and the rest into a spool file as far as that may grow. */
export async function runStatement(
  job: RunJob,
  statement: PassedStatement,
  tools: RunTools,
): Promise<RunReply> {
  const { report, fetch, later, kept } = tools;
  const { scans, prepared } = prepareScans(
    job.tables.map(({ scan }) => scan),
    report,
  );
  const { left, reading } =
    (await takeKept(job, statement, tools)) ?? (await openNew(job, scans, statement, tools));
  const { connection, close } = left.database;
  let isClean = false;
  later(() => {
    if (kept && isClean && memoryHeld().rssBytes < mostKeptBytes) kept.databases.keep(kept.key, left);
    else close();
  });
  if (job.planOnly) return { ...nothingRun, prepared, planned: reading?.planned ?? [] };
  const { exportTo } = job;
  let attempts = 0;
  const run = () =>
    exportTo
      ? exportRows(left.database, job, exportTo, report)
      : runOnce(connection, job, report, attempts++);
  if (!reading || reading.tables.length === 0) {
    const value = await run();
    isClean = true;
    return { ...value, prepared, reruns: 0, isLimited: false };
  }
  const { tables, planned, isLimited, rows } = reading;
  if (planned.length > 0) await fetch(planned);
  const { value, reruns } = await runVerified({ connection, job, tables, fetch, run });
  isClean = true;
  return { ...value, prepared, reruns, isLimited, ...(rows ? { rows } : {}) };
}

/** The database that a statement over the same tables left, where it suits this one. */
async function takeKept(
  given: RunJob,
  { sessionNames }: PassedStatement,
  { kept, fetch }: RunTools,
): Promise<Opened | undefined> {
  if (!kept) return undefined;
  const isLogged = sparseTables(given).length > 0;
  const left = kept.databases.take(kept.key, { isLogged, reading: given.known ?? allRows });
  if (!left) return undefined;
  const { connection, close } = left.database;
  try {
    await checkSessionNames(connection, sessionNames);
    const tables = given.tables.map(({ names, scan }, index) => ({
      names,
      scan: { ...scan, view: left.views[index] },
    }));
    const reading = await planReadingInKept(connection, { ...given, tables }, fetch);
    if (reading) return { left, reading };
    // What planning logged: no run in this database may come that clears it.
    if (isLogged) await clearReadLog(connection);
  } catch (thrown) {
    close();
    throw thrown;
  }
  kept.databases.keep(kept.key, left);
  return undefined;
}

async function openNew(
  job: RunJob,
  scans: readonly JobScan[],
  statement: PassedStatement,
  { instances, kept, fetch }: RunTools,
): Promise<Opened> {
  const files = scans.flatMap(pathsOf);
  if (job.exportTo) files.push(exportPath(job.folder, job.exportTo.format));
  const tables: RunJob["tables"] = [];
  let reading: Reading | undefined;
  const reach = { files, ...(kept ? { temp: keptTemp() } : {}) };
  const database = await openDatabase(instances, job, reach, async (connection, giveBack) => {
    for (const [index, { names }] of job.tables.entries()) {
      const given = scans[index];
      if (!given) continue;
      const table = given.tableFields ? await withView(connection, given, index) : given;
      const scan = job.known?.rows ? { ...table, rows: job.known.rows } : table;
      for (const name of names) {
        await connection.run(viewSql(name, scan));
        await giveBack();
      }
      tables.push({ names, scan });
    }
    await keepOrder(connection, tables, statement);
    await checkSessionNames(connection, statement.sessionNames);
    reading = await planReading(connection, { ...job, tables }, statement, fetch);
  });
  const { isLimited = false, rows = job.known?.rows } = reading ?? {};
  const suits = { isLogged: reading !== undefined, reading: { isLimited, ...(rows ? { rows } : {}) } };
  const views = tables.map(({ scan }) => scan.view);
  return { left: { database, suits, tables: job.tables, views, hasMemory: false, check: () => {} }, reading };
}

/** Files of a scan, and those that name its deleted rows. */
function pathsOf({ files }: JobScan): string[] {
  return files.flatMap(({ prepared, path, deleted }) => [
    prepared?.path ?? path,
    ...(deleted && "paths" in deleted ? deleted.paths : []),
  ]);
}

async function withView(connection: DuckDBConnection, scan: JobScan, index: number): Promise<JobScan> {
  return { ...scan, view: await tableView(connection, scan, index) };
}

/** Rows without the deleted ones come out of a join, whose threads do not keep the order that a page goes on by. */
async function keepOrder(
  connection: DuckDBConnection,
  tables: RunJob["tables"],
  { limitRows }: PassedStatement,
): Promise<void> {
  const hasDeleted = tables.some(({ scan }) => scan.files.some(({ deleted }) => deleted));
  if (hasDeleted && limitRows !== undefined) await connection.run("SET threads = 1");
}

const nothingRun = { columns: [], rowsJson: "[]", more: false, reruns: 0, isLimited: false };
