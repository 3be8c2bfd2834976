import { readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { ifMissing } from "../stores/errno.ts";
import { type CacheFolder, dataOf } from "./folder.ts";
import { sweepInstances } from "./instance.ts";
import { survey } from "./survey.ts";

/** Keeps the folder under its cap. Its methods must not run at the same time. */
export interface Evictor {
  /** Looks at the folder as it is, and sweeps what dead processes left. */
  look(): Promise<void>;
  /** Evicts until all that is known fits under the cap; whether it does. `changeBytes` is what was just claimed. */
  makeRoom(changeBytes: number): Promise<boolean>;
  /** Evicts so many bytes, or all there is; whether that was anything. */
  free(sizeBytes: number): Promise<boolean>;
  evict(key: string): Promise<void>;
}

/** How old a view of a folder shared with other processes may be when a small claim is made. */
const sharedViewMs = 1_000;

export function createEvictor(folder: CacheFolder): Evictor {
  const { ledger, instances, maxBytes } = folder;
  let lookedMs = 0;
  let sharing = { isShared: false, knownMs: Number.NEGATIVE_INFINITY };
  const look = async () => {
    await sweepInstances(instances);
    const beganAfter = ledger.lastChange();
    ledger.adopt(await survey(folder.entries, instances, folder.instance.name), beganAfter);
    lookedMs = performance.now();
  };
  const isViewOld = async (changeBytes: number) => {
    const isLarge = changeBytes > maxBytes / 100;
    if (isLarge || performance.now() - sharing.knownMs > sharedViewMs) {
      const others = await ifMissing(readdir(instances), []);
      sharing = { isShared: others.length > 1, knownMs: performance.now() };
    }
    return sharing.isShared && (isLarge || performance.now() - lookedMs > sharedViewMs);
  };
  return {
    look,
    async makeRoom(changeBytes) {
      if (await isViewOld(changeBytes)) await look();
      if (await evictDownTo(folder, maxBytes)) return true;
      await look();
      return evictDownTo(folder, maxBytes);
    },
    async free(sizeBytes) {
      const before = ledger.usedBytes();
      await evictDownTo(folder, Math.max(0, before - sizeBytes));
      return ledger.usedBytes() < before;
    },
    evict: (key) => removeEntry(folder, key),
  };
}

async function evictDownTo(folder: CacheFolder, targetBytes: number): Promise<boolean> {
  const { ledger, releasing, counts } = folder;
  await Promise.allSettled(releasing);
  // Entries moved to the end meanwhile are met again, as the most recently used.
  for (const [key, entry] of ledger.entries) {
    if (ledger.usedBytes() <= targetBytes) return true;
    if (entry.pins > 0) continue;
    const found = await statEntry(folder, key);
    if (entry.pins > 0) continue;
    if (found && found.nlink > 1) continue;
    const usedElsewhere = found !== undefined && found.mtimeMs > entry.lastUsedMs + 1;
    if (usedElsewhere) {
      ledger.record(key, entry.sizeBytes, found.mtimeMs);
      continue;
    }
    counts.evictions++;
    counts.evictedBytes += entry.sizeBytes;
    await removeEntry(folder, key);
  }
  return ledger.usedBytes() <= targetBytes;
}

function statEntry({ entries }: CacheFolder, key: string) {
  return ifMissing(stat(dataOf(entries, key)), undefined);
}

/** Moved out of sight by one rename, so that nobody finds a half-removed entry. */
export async function removeEntry(
  { entries, instance, ledger, newId }: CacheFolder,
  key: string,
): Promise<void> {
  ledger.remove(key);
  const trash = join(instance.temporary, newId());
  await ifMissing(rename(join(entries, key), trash), undefined);
  await rm(trash, { recursive: true, force: true });
}
