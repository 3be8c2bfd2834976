import { readFileSync, writeFileSync } from "node:fs";

/** Peak memory of a process and its children, however often they change. Linux only. */
export interface MemoryWatch {
  /** Sum of each process's own peak of resident memory since the start, in bytes; undefined where it is not told. */
  stop(): number | undefined;
}

const everyMs = 50;

/** Begins anew with what is held now. A child that comes and goes between two looks is missed. */
export function watchMemory(pid: number): MemoryWatch {
  const peaks = new Map<number, number>();
  const look = () => {
    for (const one of family(pid)) {
      const peak = peakBytes(one);
      if (peak !== undefined) peaks.set(one, peak);
    }
  };
  for (const one of family(pid)) resetPeak(one);
  const timer = setInterval(look, everyMs);
  return {
    stop() {
      clearInterval(timer);
      look();
      return peaks.size === 0 ? undefined : [...peaks.values()].reduce((sum, peak) => sum + peak, 0);
    },
  };
}

function family(pid: number): number[] {
  const children = (read(`/proc/${pid}/task/${pid}/children`) ?? "").split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
}

/** Source: proc_pid_status(5), VmHWM. */
function peakBytes(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "")?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024;
}

/** Source: proc_pid_clear_refs(5), value 5. */
function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // The process has ended, or this is no Linux: the peak is then of its whole life, or not told.
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
