import { chmod, mkdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../stores/errno.ts";
import type { StoredObject } from "../stores/store.ts";
import type { DownloadOptions } from "./download.ts";
import { removeEntry } from "./evict.ts";
import type { CacheFolder } from "./folder.ts";
import { type Pin, pinEntry } from "./pins.ts";
import { newIndex, readIndex } from "./range-index.ts";
import { SparseEntry } from "./sparse-entry.ts";

/** Entries of objects that are open in this process: each is one, however many read it. */
export interface SparseEntries {
  /** The entry of `key`, made empty where there is none, until it is released. */
  open(key: string, object: StoredObject): Promise<OpenEntry>;
  close(): Promise<void>;
}

export interface OpenEntry {
  entry: SparseEntry;
  /** Notes how much of the disk the entry takes now. */
  measure(): Promise<void>;
  release(): void;
}

interface Opened {
  opening: Promise<{ entry: SparseEntry; pin: Pin }>;
  users: number;
}

/** `boot` names the start of the machine: what an index of another one says of unsynced bytes may not hold. */
export function createSparseEntries(
  folder: CacheFolder,
  download: DownloadOptions,
  boot: string,
): SparseEntries {
  const opened = new Map<string, Opened>();
  const leaving = new Set<Promise<void>>();
  return {
    async open(key, object) {
      const one = opened.get(key) ?? { opening: openEntry(folder, download, boot, key, object), users: 0 };
      opened.set(key, one);
      one.users++;
      const leave = () => {
        if (--one.users > 0) return;
        if (opened.get(key) === one) opened.delete(key);
        const left = one.opening.then(
          (found) => giveBack(folder, key, found, () => opened.has(key)),
          () => {},
        );
        leaving.add(left);
        void left.finally(() => leaving.delete(left));
      };
      try {
        const { entry, pin } = await one.opening;
        return { entry, measure: () => pin.measure(), release: once(leave) };
      } catch (thrown) {
        leave();
        throw thrown;
      }
    },
    async close() {
      const all = await Promise.allSettled([...opened.values()].map(({ opening }) => opening));
      await Promise.all(all.map((one) => (one.status === "fulfilled" ? one.value.entry.stop() : undefined)));
      await Promise.allSettled(leaving);
    },
  };
}

/** What is of no use to anybody is not kept for the next one. */
async function giveBack(
  folder: CacheFolder,
  key: string,
  { entry, pin }: { entry: SparseEntry; pin: Pin },
  isInUse: () => boolean,
): Promise<void> {
  await entry.settled();
  pin.release();
  if (entry.isWorthless && !isInUse()) await removeEntry(folder, key).catch(() => {});
}

async function openEntry(
  folder: CacheFolder,
  download: DownloadOptions,
  boot: string,
  key: string,
  object: StoredObject,
) {
  const indexPath = join(folder.entries, key, "ranges");
  for (;;) {
    const pin = await pinEntry(folder, key);
    if (!pin) {
      const isMade = await makeEmpty(folder, boot, key, object.sizeBytes);
      // What is in the way and still holds no data was damaged too.
      if (!isMade && !(await hasData(folder, key))) await removeEntry(folder, key);
      continue;
    }
    const index =
      pin.sizeBytes === object.sizeBytes ? await readIndex(indexPath, boot, object.sizeBytes) : undefined;
    if (index) {
      if (index.isOfAnotherBoot)
        await replace(folder, indexPath, newIndex(boot, object.sizeBytes, index.ranges));
      const entry = new SparseEntry({ object, path: pin.path, indexPath }, download, index.ranges);
      return { entry, pin };
    }
    // What is not as it should be was damaged from outside: it is made anew.
    pin.release();
    await removeEntry(folder, key);
  }
}

async function hasData({ entries }: CacheFolder, key: string): Promise<boolean> {
  try {
    await stat(join(entries, key, "data"));
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return false;
    throw thrown;
  }
}

/** A file of the object's size that takes no disk yet, put in place whole. False where something is there already. */
async function makeEmpty(
  folder: CacheFolder,
  boot: string,
  key: string,
  sizeBytes: number,
): Promise<boolean> {
  await folder.restore();
  const made = join(folder.instance.temporary, folder.newId());
  await mkdir(made, { mode: 0o700 });
  try {
    await writeFile(join(made, "data"), "", { mode: 0o600 });
    await truncate(join(made, "data"), sizeBytes);
    await chmod(join(made, "data"), 0o400);
    await writeFile(join(made, "ranges"), newIndex(boot, sizeBytes, []), { mode: 0o600 });
    await rename(made, join(folder.entries, key));
    return true;
  } catch (thrown) {
    await rm(made, { recursive: true, force: true });
    const code = errnoOf(thrown);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw thrown;
    return false;
  }
}

async function replace(folder: CacheFolder, path: string, text: string): Promise<void> {
  const made = join(folder.instance.temporary, folder.newId());
  await writeFile(made, text, { mode: 0o600 });
  await rename(made, path);
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
