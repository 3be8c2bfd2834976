import { hostname } from "node:os";
import { z } from "zod";
import { pidNamespace, processExists, processStat } from "../../core/processes.ts";

/** Which process this is, in words that other processes can check. */
export const processIdentity = z.object({
  host: z.string(),
  /** Container whose process ids these are; empty where the system has none. */
  namespace: z.string(),
  pid: z.int(),
  /** When the process began, in ticks since the machine's start; empty where the system does not say. */
  startTicks: z.string(),
});

export type ProcessIdentity = z.output<typeof processIdentity>;

export function ownIdentity(): ProcessIdentity {
  const namespace = pidNamespace() ?? "";
  return { host: hostname(), namespace, pid: process.pid, startTicks: startTicksOf(process.pid) };
}

/** Whether a process that wrote its identity is known to have ended. Of other hosts and containers nothing is known. */
export function hasEnded(other: ProcessIdentity, own: ProcessIdentity): boolean {
  if (other.host !== own.host || other.namespace !== own.namespace) return false;
  if (!processExists(other.pid)) return true;
  return other.startTicks !== startTicksOf(other.pid);
}

function startTicksOf(pid: number): string {
  return processStat(pid)?.startTicks ?? "";
}
