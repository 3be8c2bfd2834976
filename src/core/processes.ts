import { readFileSync, readlinkSync } from "node:fs";

export interface ProcessStat {
  pid: number;
  /** `Z` of one that ended and was not waited for. */
  state: string;
  /** When it began, in ticks since the machine's start, which no change of the clock moves. */
  startTicks: string;
}

/** Undefined where the system does not say. The name may hold blanks and brackets. Source: proc_pid_stat(5), fields 1 to 3 and 22. */
export function processStat(pid: number | "self"): ProcessStat | undefined {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { pid: Number.parseInt(stat, 10), state: fields[0] ?? "", startTicks: fields[19] ?? "" };
}

/** Whether a process has this id, one that was not waited for too. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

/** The container whose process ids this process sees: `pid:[4026531836]`. Undefined where the system has none. */
export function pidNamespace(): string | undefined {
  return read(() => readlinkSync("/proc/self/ns/pid"));
}

/** Of the machine's start. Undefined on other systems than Linux. Source: random(4), /proc/sys/kernel/random/boot_id. */
export function bootId(): string | undefined {
  const text = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
  return /^[0-9a-f-]{36}$/.exec(text?.trim() ?? "")?.[0];
}

function read(what: () => string): string | undefined {
  try {
    return what();
  } catch {
    return undefined;
  }
}
