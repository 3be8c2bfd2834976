import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { keepAlive, nameOfProcess, sweepFolders } from "./cache/instance.ts";

/** A folder of this process for what queries have on disk while they run, and for rows that are kept for their callers. */
export interface Scratch {
  /** Made by who first puts something into it. */
  path: string;
  close(): Promise<void>;
}

/** Removes in the background what processes that were killed left beside it. */
export function openScratch(parent: string, id: string): Scratch {
  const name = nameOfProcess(id);
  const path = join(parent, name);
  const letDie = keepAlive(path);
  const swept = sweep(parent, name);
  return {
    path,
    async close() {
      letDie();
      await swept;
      // What stays is removed at the next start.
      await rm(path, { recursive: true, force: true }).catch(() => {});
    },
  };
}

/** What cannot be removed does not keep the server from its work: it is tried again at the next start. */
async function sweep(parent: string, own: string): Promise<void> {
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    await sweepFolders(parent, own);
  } catch {}
}
