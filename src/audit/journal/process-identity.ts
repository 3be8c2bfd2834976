import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";

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
  const namespace = orEmpty(() => readlinkSync("/proc/self/ns/pid"));
  return { host: hostname(), namespace, pid: process.pid, startTicks: startTicksOf(process.pid) };
}

/** Whether a process that wrote its identity is known to have ended. Of other hosts and containers nothing is known. */
export function hasEnded(other: ProcessIdentity, own: ProcessIdentity): boolean {
  if (other.host !== own.host || other.namespace !== own.namespace) return false;
  if (!exists(other.pid)) return true;
  return other.startTicks !== startTicksOf(other.pid);
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

/** Field 22 of /proc/pid/stat; the name before it may hold blanks and brackets. Source: proc(5). */
function startTicksOf(pid: number): string {
  return orEmpty(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  });
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
