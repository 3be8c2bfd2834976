import { setMaxListeners } from "node:events";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CacheFolder } from "./folder.ts";
import { createTurns } from "./in-turn.ts";
import { identityOf, type Pin } from "./pins.ts";
import type { RangeIndex } from "./range-index.ts";

/** Less is not worth the disk's time: after a power cut it is fetched again. */
const minSyncedBytes = 8 * 1024 * 1024;
/** Until then the next questions about the same file go first, and the system writes most of it by itself. */
const defaultSyncAfterMs = 20_000;

/** Brings files to the disk, one after the other, some time after their askers are gone. */
export function createSyncing(
  { entries, knowsBoot }: Pick<CacheFolder, "entries" | "knowsBoot">,
  afterMs = defaultSyncAfterMs,
) {
  const inTurn = createTurns();
  const waiting = new Set<string>();
  const closing = new AbortController();
  // One for each file that waits: many questions about many files are no leak.
  setMaxListeners(0, closing.signal);
  const sync = async (key: string, identity: string, index: RangeIndex) => {
    waiting.delete(key);
    const ranges = index.held.all().map((range) => ({ ...range }));
    const file = await open(join(entries, key, "data"), "r");
    try {
      // Evicted meanwhile and made anew, it may even have the inode that the index speaks of. It has not while it is open.
      if (identityOf(await file.stat()) !== identity) return;
      await file.datasync();
      await index.noteSynced(ranges);
    } finally {
      await file.close();
    }
  };
  const running = new Set<Promise<void>>();
  return {
    /**
     * Sees that what a power cut would lose of the entry, if that is much, comes to the disk. A failure leaves it as it
     * was, to be fetched again.
     */
    start(key: string, { identity }: Pick<Pin, "identity">, index: RangeIndex): void {
      if (identity === undefined || waiting.has(key)) return;
      if (index.unsyncedBytes() < (knowsBoot ? minSyncedBytes : 1)) return;
      const done: Promise<void> = sleep(afterMs, undefined, { ref: false, signal: closing.signal })
        .catch(() => {})
        .then(() => inTurn(() => sync(key, identity, index)))
        .catch(() => {})
        .finally(() => running.delete(done));
      waiting.add(key);
      running.add(done);
    },
    /** Without waiting any longer. */
    async finished(): Promise<void> {
      closing.abort();
      await Promise.all(running);
    },
  };
}
