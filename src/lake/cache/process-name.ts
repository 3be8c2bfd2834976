import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { errnoOf } from "../stores/errno.ts";

/** Process ids mean something within it: a host as it was started, and of its containers one. */
const here = hostname().replace(/[^A-Za-z0-9.-]/g, "_") + bootAndContainer();

/** A name of this process for others to tell whether it is still there, and for none but it: `host~pid~start~id`. */
export function nameOfProcess(id: string): string {
  return [here, process.pid, startOf(process.pid), id].join("~");
}

/** Whether the process of such a name runs. Undefined where that cannot be known from here. */
export function processRuns(name: string): boolean | undefined {
  const [host, pid = "", start] = name.split("~");
  if (host !== here || !/^[1-9]\d*$/.test(pid)) return undefined;
  if (Number(pid) !== process.pid && !processExists(Number(pid))) return false;
  // Another process may have the same id by now.
  const startsNow = startOf(Number(pid));
  return startsNow === undefined ? undefined : startsNow === start;
}

/** In ticks since the host's start, which no change of the clock moves. Source: proc_pid_stat(5), field 22. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return pid === process.pid ? String(Math.round(performance.timeOrigin)) : undefined;
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
