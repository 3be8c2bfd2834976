import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { keepAlive, sweepFolders } from "./cache/instance.ts";
import { nameOfProcess } from "./cache/process-name.ts";

/** A folder of this process for what queries have on disk while they run, and for rows that are kept for their callers. */
export interface Scratch {
  /** Made by who first puts something into it. */
  path: string;
  close(): Promise<void>;
}

const hourMs = 60 * 60_000;
/** Nothing is lost by waiting, and a machine that slept comes back. */
const silentMs = 24 * hourMs;

/** Removes in the background what processes that were killed left beside it: now, and every hour. */
export function openScratch(parent: string, id: string): Scratch {
  const path = join(parent, nameOfProcess(id));
  const closing = new AbortController();
  const letDie = keepAlive(path);
  let swept = sweep(parent, closing.signal);
  const timer = setInterval(() => {
    swept = swept.then(() => sweep(parent, closing.signal));
  }, hourMs).unref();
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

/** What cannot be looked at now is looked at later. */
async function sweep(parent: string, signal: AbortSignal): Promise<void> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await sweepFolders(parent, silentMs, signal);
  } catch {}
}
