import { chmod, type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, ifMissing } from "../stores/errno.ts";
import { removeEntry } from "./evict.ts";
import { type CacheFolder, dataOf } from "./folder.ts";
import { type Pin, pinEntry, pinFile } from "./pins.ts";

/** Other processes make and evict entries in between. */
const maxTries = 5;

export interface PinnedSparse {
  pin: Pin;
  isMade: boolean;
}

/**
 * Pins the sparse file of `key`. One that is not there, or of another size, is made anew, with nothing in it.
 */
export async function pinSparse(folder: CacheFolder, key: string, sizeBytes: number): Promise<PinnedSparse> {
  for (let tries = 1; ; tries++) {
    const known = await pinEntry(folder, key, false);
    if (known?.sizeBytes === sizeBytes) return { pin: known, isMade: false };
    if (known) {
      await known.release();
      await removeEntry(folder, key);
    }
    const made = await makeSparse(folder, key, sizeBytes);
    if (made) return { pin: made, isMade: true };
    // What is in the way has no data: something outside took it.
    if (tries > 1) await removeEntry(folder, key);
    if (tries === maxTries) throw new Error("The cache folder is changed by something outside.");
  }
}

/** `undefined` where there is an entry of this key meanwhile. */
async function makeSparse(folder: CacheFolder, key: string, sizeBytes: number): Promise<Pin | undefined> {
  const path = join(folder.instance.temporary, folder.newId());
  const dataPath = join(path, "data");
  const entry = folder.ledger.record(key, 0, folder.now());
  try {
    await makeFolder(folder, path);
    await makeFile(dataPath, sizeBytes);
    const pin = await pinFile(folder, dataPath, "", entry);
    if (await movedIn(path, join(folder.entries, key))) return pin;
    await pin.release();
  } catch (thrown) {
    folder.ledger.remove(key);
    await rm(path, { recursive: true, force: true });
    throw thrown;
  }
  folder.ledger.remove(key);
  await rm(path, { recursive: true, force: true });
  return undefined;
}

/** Takes no disk until it is written, whatever its size. */
async function makeFile(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, "wx", 0o400);
  try {
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

async function makeFolder(folder: CacheFolder, path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    await folder.restore();
    await mkdir(path, { mode: 0o700 });
  }
}

async function movedIn(path: string, entryPath: string): Promise<boolean> {
  try {
    await rename(path, entryPath);
    return true;
  } catch (thrown) {
    const code = errnoOf(thrown);
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw thrown;
  }
}

/** Whether nobody but one asker of this process has the entry in use. */
export async function isUnused(folder: CacheFolder, key: string): Promise<boolean> {
  if ((folder.ledger.entries.get(key)?.pins ?? 0) > 1) return false;
  const found = await ifMissing(stat(dataOf(folder.entries, key)), undefined);
  return found !== undefined && found.nlink <= 2;
}

/** Opens a sparse file to write ranges into it. Only this cache does: the file is read-only to all who look at its mode. */
export async function openToWrite(path: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await open(path, "r+");
    } catch (thrown) {
      // Another process may take the right away again in between.
      if (errnoOf(thrown) !== "EACCES" || tries === maxTries) throw thrown;
    }
    await chmod(path, 0o600);
    try {
      return await open(path, "r+");
    } catch (thrown) {
      if (errnoOf(thrown) !== "EACCES") throw thrown;
    } finally {
      await chmod(path, 0o400);
    }
  }
}
