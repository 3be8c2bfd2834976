import type { PassedStatement } from "../gate/gate.ts";
import { allRows, type RunJob, type RunReply } from "../protocol.ts";
import { type Instances, openDatabase } from "./database.ts";
import { watchHeld } from "./held-folders.ts";
import { type KeptDatabase, type KeptDatabases, keptTemp } from "./kept-database.ts";
import type { Report } from "./report.ts";
import { runOnce } from "./run-once.ts";
import { checkSessionNames } from "./session-columns.ts";
import { heldViewSql } from "./views.ts";

export interface HeldTools {
  report: Report;
  instances: Instances;
  kept: KeptDatabases;
  /** Has work done after the answer was given. */
  later(work: () => void): void;
}

const suits = { isLogged: false, reading: allRows };

/** Runs a gated statement over held tables, where it can in the database that their last statement left. */
export async function runHeld(
  job: RunJob,
  { sessionNames }: PassedStatement,
  key: string,
  { report, instances, kept, later }: HeldTools,
): Promise<RunReply> {
  const taken = kept.take(key, suits) ?? (await openHeld(instances, job));
  const { database } = taken;
  let isClean = false;
  later(() => (isClean ? kept.keep(key, taken) : database.close()));
  await checkSessionNames(database.connection, sessionNames);
  const rows = await runOnce(database.connection, job, report, 0);
  taken.check();
  isClean = true;
  return { ...rows, prepared: [], reruns: 0, isLimited: false };
}

/**
 * What the engine may keep between statements, up to its memory limit: footers, and what it read. Nothing is looked at
 * again: files that are held do not change, and no other ever gets their names.
 */
const remembering = `
  SET parquet_metadata_cache = true;
  SET enable_external_file_cache = true;
  SET validate_external_file_cache = 'NO_VALIDATION';
`;

async function openHeld(instances: Instances, job: RunJob): Promise<KeptDatabase> {
  const scans = job.tables.map(({ scan }) => scan);
  const check = watchHeld(scans);
  const folders = scans.flatMap(({ heldIn }) => heldIn ?? []);
  const reach = { files: [], folders, temp: keptTemp() };
  const database = await openDatabase(instances, job, reach, async (connection) => {
    await connection.run(remembering);
    for (const { names, scan } of job.tables) {
      for (const name of names) await connection.run(heldViewSql(name, scan));
    }
  });
  return { database, suits, tables: job.tables, views: [], hasMemory: true, check };
}
