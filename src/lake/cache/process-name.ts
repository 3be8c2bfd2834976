import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errnoOf } from "../stores/errno.ts";

/** Process ids mean something within it: a host as it was started, and of its containers one. */
const here = hostname().replace(/[^A-Za-z0-9.-]/g, "_") + bootAndContainer();

/** When this process started, in words that none before it had. */
const ownStart = startIn("/proc/self/stat", process.pid)?.start ?? `o${Math.round(performance.timeOrigin)}`;

/** A name of this process for others to tell whether it is still there, and for none but it: `host~pid~start~id`. */
export function nameOfProcess(id: string): string {
  return [here, process.pid, ownStart, id].join("~");
}

/** Whether the process of such a name runs. Undefined where that cannot be known from here. */
export function processRuns(name: string): boolean | undefined {
  const [host, pid = "", start = ""] = name.split("~");
  if (host !== here || !/^[1-9]\d*$/.test(pid)) return undefined;
  if (Number(pid) === process.pid) return start === ownStart;
  if (!processExists(Number(pid))) return false;
  const found = startIn(`/proc/${pid}/stat`, Number(pid));
  // Another process may have the same id by now. One that ended is there until its parent asks for it.
  if (!found || !start.startsWith("t")) return undefined;
  return found.start === start && !/[ZX]/.test(found.state);
}

/**
 * In ticks since the host's start, which no change of the clock moves. Undefined where it cannot be read, or is of the processes of
 * another container. Source: proc_pid_stat(5), fields 1, 3 and 22.
 */
function startIn(path: string, pid: number): { start: string; state: string } | undefined {
  try {
    const stat = readFileSync(path, "utf8");
    const [state = "", ...more] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return stat.startsWith(`${pid} `) ? { start: `t${more[18]}`, state } : undefined;
  } catch {
    return undefined;
  }
}

function bootAndContainer(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").slice(0, 8);
    const [container = ""] = /\d+/.exec(readlinkSync("/proc/self/ns/pid")) ?? [];
    return `.${boot}.${container}`;
  } catch {
    return "";
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errnoOf(thrown) === "EPERM";
  }
}
