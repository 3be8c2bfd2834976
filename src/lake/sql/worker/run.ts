import type { DuckDBConnection } from "@duckdb/node-api";
import type { GatedStatement } from "../gate/gate.ts";
import { exportPath, type JobScan, type RunJob, type RunReply } from "../protocol.ts";
import { type Instances, openDatabase } from "./database.ts";
import { exportRows } from "./export-rows.ts";
import { planReading, type Reading } from "./hydration/reading.ts";
import { type Fetch, runVerified } from "./hydration/verified-run.ts";
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
}

/** Runs one gated statement: the first page, and the rest into a spool file as far as that may grow. */
export async function runStatement(
  job: RunJob,
  statement: GatedStatement,
  { report, fetch, instances, later }: RunTools,
): Promise<RunReply> {
  const { scans, prepared } = prepareScans(
    job.tables.map(({ scan }) => scan),
    report,
  );
  const files = scans.flatMap(pathsOf);
  const { exportTo } = job;
  if (exportTo) files.push(exportPath(job.folder, exportTo.format));
  let reading: Reading | undefined;
  const database = await openDatabase(instances, job, { files }, async (connection) => {
    const tables: RunJob["tables"] = [];
    for (const [index, { names }] of job.tables.entries()) {
      const given = scans[index];
      if (!given) continue;
      const table = given.tableFields ? await withView(connection, given, index) : given;
      const scan = job.known?.rows ? { ...table, rows: job.known.rows } : table;
      for (const name of names) await connection.run(viewSql(name, scan));
      tables.push({ names, scan });
    }
    await keepOrder(connection, tables, statement);
    await checkSessionNames(connection, statement.sessionNames);
    reading = await planReading(connection, { ...job, tables }, statement, fetch);
  });
  later(database.close);
  if (job.planOnly) return { ...nothingRun, prepared, planned: reading?.planned ?? [] };
  let attempts = 0;
  const run = () =>
    exportTo
      ? exportRows(database.connection, job, exportTo, report)
      : runOnce(database.connection, job, report, attempts++);
  if (!reading) return { ...(await run()), prepared, reruns: 0, isLimited: false };
  const { tables, planned, isLimited, rows } = reading;
  if (planned.length > 0) await fetch(planned);
  const { connection } = database;
  const { value, reruns } = await runVerified({ connection, job, tables, fetch, run });
  return { ...value, prepared, reruns, isLimited, ...(rows ? { rows } : {}) };
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
  { limitRows }: GatedStatement,
): Promise<void> {
  const hasDeleted = tables.some(({ scan }) => scan.files.some(({ deleted }) => deleted));
  if (hasDeleted && limitRows !== undefined) await connection.run("SET threads = 1");
}

const nothingRun = { columns: [], rowsJson: "[]", more: false, reruns: 0, isLimited: false };
