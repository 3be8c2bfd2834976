import type { Job, JobScan } from "./protocol.ts";

/**
 * Names the tables of a job: equal for jobs that may run in one database, whose files are read under the same names. Such
 * are of one tenant with one reach, since a version names the tenant, and what is held is held for its callers alone.
 * Undefined for all others.
 */
export function databaseKey(job: Job): string | undefined {
  if (job.kind !== "run" || job.exportTo || job.planOnly) return undefined;
  const { tables, links, memoryBytes, threads, tempBytes } = job;
  const held = isHeld(job) ? tables.map(({ names, scan }) => [names, scan.heldIn]) : undefined;
  const read = held ?? (links && [links.key, links.folder]);
  return read && JSON.stringify([read, memoryBytes, threads, tempBytes]);
}

/** All files of the job are held, in folders of their own. */
export function isHeld(job: Job): boolean {
  return job.kind === "run" && job.tables.length > 0 && job.tables.every(({ scan }) => isHeldScan(scan));
}

function isHeldScan({ heldIn, ranges, tableFields }: JobScan): boolean {
  return heldIn !== undefined && !ranges && !tableFields;
}
