import { open, openSync } from "node:fs";
import { promisify } from "node:util";

const openLater = promisify(open);

const waysOfSystem = {
  atOnce: (path: string): number => openSync(path, "wx", 0o400),
  byThread: (path: string): Promise<number> => openLater(path, "wx", 0o400),
};

/** Opens a file that is not there yet, to be written by whoever asked and read by all. Rejects with the system's own errors. */
export type OpenNew = (path: string) => Promise<number>;

/** A call that takes longer holds up the server for longer than the way to a thread of Node's pool and back takes. */
const slowMs = 0.25;
/** Before it is found out whether the file system is still slow. */
const opensByThread = 64;

/**
 * Without a thread of the pool between, as making a file takes a fraction of the way there and back; by threads while it
 * takes longer: on network file systems, and where ext4 looks long for an inode as many files were removed lately.
 */
export function createOpenNew(ways = waysOfSystem, nowMs = () => performance.now()): OpenNew {
  let left = 0;
  return async (path) => {
    if (left > 0) {
      left--;
      return ways.byThread(path);
    }
    const beganMs = nowMs();
    try {
      return ways.atOnce(path);
    } finally {
      if (nowMs() - beganMs > slowMs) left = opensByThread;
    }
  };
}
