import type { RunJob } from "./protocol.ts";

/**
 * Names the tables of a job all of whose files are held: equal for jobs that may run in one database, since what is
 * held is held for the callers of one tenant with the same reach. Undefined for all others.
 */
export function heldKey({ tables, exportTo, planOnly, ...limits }: RunJob): string | undefined {
  const isHeld =
    tables.length > 0 &&
    tables.every(({ scan }) => scan.heldIn !== undefined && !scan.ranges && !scan.tableFields);
  if (!isHeld || exportTo || planOnly) return undefined;
  const { memoryBytes, threads, tempBytes } = limits;
  const named = tables.map(({ names, scan }) => [names, scan.heldIn]);
  return JSON.stringify([named, memoryBytes, threads, tempBytes]);
}
