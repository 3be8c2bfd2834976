import type { Job } from "./protocol.ts";

/**
 * Names the tables of a job all of whose files are held: equal for jobs that may run in one database, since what is
 * held is held for the callers of one tenant with the same reach. Undefined for all others.
 */
export function heldKey(job: Job): string | undefined {
  if (job.kind !== "run" || job.exportTo || job.planOnly) return undefined;
  const { tables, memoryBytes, threads, tempBytes } = job;
  const isHeld =
    tables.length > 0 &&
    tables.every(({ scan }) => scan.heldIn !== undefined && !scan.ranges && !scan.tableFields);
  if (!isHeld) return undefined;
  const named = tables.map(({ names, scan }) => [names, scan.heldIn]);
  return JSON.stringify([named, memoryBytes, threads, tempBytes]);
}
