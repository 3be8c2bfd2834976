import { open } from "node:fs/promises";
import type { CacheFolder } from "./folder.ts";
import { createTurns } from "./in-turn.ts";
import type { Pin } from "./pins.ts";
import type { RangeIndex } from "./range-index.ts";

/** Less is not worth the disk's time: after a power cut it is fetched again. */
const minSyncedBytes = 8 * 1024 * 1024;

/** Brings files to the disk, one after the other, after their askers are gone. */
export function createSyncing({ knowsBoot }: Pick<CacheFolder, "knowsBoot">) {
  const inTurn = createTurns();
  const running = new Set<Promise<void>>();
  return {
    /**
     * Brings to the disk what a power cut would lose of the pinned file, if that is much. Settles when the pin
     * may be released: the open file stays the one it was. A failure leaves it as it was, to be fetched again.
     */
    async start(pin: Pin, index: RangeIndex): Promise<void> {
      if (index.unsyncedBytes() < (knowsBoot ? minSyncedBytes : 1)) return;
      const ranges = index.held.all().map((range) => ({ ...range }));
      const file = await open(pin.path, "r");
      const done: Promise<void> = inTurn(async () => {
        try {
          await file.datasync();
          await index.noteSynced(ranges);
        } finally {
          await file.close();
        }
      })
        .catch(() => {})
        .finally(() => running.delete(done));
      running.add(done);
    },
    async finished(): Promise<void> {
      await Promise.all(running);
    },
  };
}
