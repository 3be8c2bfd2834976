import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type IsSilent, keepAlive, sweepFolders } from "./cache/instance.ts";
import { nameOfProcess } from "./cache/process-name.ts";

/** A folder of this process for what queries have on disk while they run, and for rows that are kept for their callers. */
export interface Scratch {
  /** Made by who first puts something into it. */
  path: string;
  close(): Promise<void>;
}

const sweepEveryMs = 5 * 60_000;
/** Of those that cannot be asked for, as in another container or before a restart of the machine. Each gives a sign every minute. */
const silentMs = 10 * 60_000;

/** Removes in the background what processes that were killed left beside it: now, and again and again. */
export function openScratch(parent: string, id: string, times = { sweepEveryMs, silentMs }): Scratch {
  const path = join(parent, nameOfProcess(id));
  const closing = new AbortController();
  const letDie = keepAlive(path);
  const isSilent = watchSilence(times.silentMs);
  let swept = sweep(parent, isSilent, closing.signal);
  const timer = setInterval(() => {
    swept = swept.then(() => sweep(parent, isSilent, closing.signal));
  }, times.sweepEveryMs).unref();
  return {
    path,
    async close() {
      letDie();
      clearInterval(timer);
      closing.abort();
      await swept;
      // What stays is removed by the next one.
      await rm(path, { recursive: true, force: true }).catch(() => {});
    },
  };
}

/** By what was seen here: other clocks may be wrong, and this machine may have slept with all that is on it. */
function watchSilence(silentMs: number): IsSilent {
  const seen = new Map<string, { mtimeMs: number; sinceMs: number }>();
  return (name, mtimeMs) => {
    const known = seen.get(name);
    if (known?.mtimeMs === mtimeMs) return performance.now() - known.sinceMs >= silentMs;
    seen.set(name, { mtimeMs, sinceMs: performance.now() });
    return false;
  };
}

/** What cannot be looked at now is looked at later. */
async function sweep(parent: string, isSilent: IsSilent, signal: AbortSignal): Promise<void> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await sweepFolders(parent, isSilent, signal);
  } catch {}
}
