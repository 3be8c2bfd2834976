import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../stores/errno.ts";
import type { Evictor } from "./evict.ts";
import type { CacheFolder } from "./folder.ts";
import { allInUse, neverFits } from "./no-room.ts";

/** Room for bytes about to be written into entries that are there. */
export interface Reservation {
  /** So many of them are counted with their entry from now on. */
  spend(sizeBytes: number): void;
  /** Gives back what was not spent. */
  end(): Promise<void>;
}

/**
 * Reserves first and looks for room after, as claims do. What is reserved in all is the size of one file of this
 * process, so that other processes count it; it takes no disk. `reserve` and `end` must not run while the evictor works.
 */
export function createReservations(folder: CacheFolder, evictor: Evictor) {
  const { ledger, maxBytes } = folder;
  const path = join(folder.instance.folder, "reserved");
  let [reservedBytes, shownBytes] = [0, 0];
  const change = (id: string, bytes: number) => {
    reservedBytes += bytes - ledger.claimed(id);
    ledger.claim(id, bytes);
  };
  const show = async () => {
    // It may say up to a hundredth of the cap too much: many small reservations then cost the file system nothing.
    if (reservedBytes <= shownBytes && shownBytes - reservedBytes <= maxBytes / 100) return;
    const bytes = reservedBytes;
    await setSize(folder, path, bytes);
    shownBytes = bytes;
  };
  return {
    /** Throws `too_large` where no room can be made. */
    async reserve(sizeBytes: number): Promise<Reservation> {
      if (sizeBytes > maxBytes) throw neverFits(sizeBytes, maxBytes);
      const id = folder.newId();
      change(id, sizeBytes);
      const end = async () => {
        change(id, 0);
        await show();
      };
      try {
        await show();
        if (!(await evictor.makeRoom(sizeBytes))) throw allInUse(sizeBytes, maxBytes);
      } catch (thrown) {
        await end();
        throw thrown;
      }
      return { spend: (bytes) => change(id, Math.max(0, ledger.claimed(id) - bytes)), end };
    },
  };
}

async function setSize(folder: CacheFolder, path: string, sizeBytes: number): Promise<void> {
  try {
    await truncate(path, sizeBytes);
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    await folder.restore();
    await writeFile(path, "", { mode: 0o600 });
    await truncate(path, sizeBytes);
  }
}
