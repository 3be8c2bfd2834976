import {
  close,
  closeSync,
  fstat,
  fstatSync,
  linkSync,
  open,
  openSync,
  renameSync,
  type Stats,
  write,
} from "node:fs";
import { link, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { errnoOf } from "../stores/errno.ts";
import { removeEntry } from "./evict.ts";
import { type CacheFolder, dataOf } from "./folder.ts";
import { newPinPath, type Pin, pinAt, pinEntry } from "./pins.ts";

const writeTo = promisify(write);
const opened = promisify(open);
const statOf: (file: number) => Promise<Stats> = promisify(fstat);
const closed = promisify(close);

/** Other processes make and evict entries in between. */
const maxTries = 5;

export interface PinnedWhole {
  pin: Pin;
  isMade: boolean;
}

/**
 * Pins the file of a small object, made of what `content` brings where it is not there; `undefined` where there is no
 * `content` either.
 */
export async function pinWhole(
  folder: CacheFolder,
  key: string,
  sizeBytes: number,
  content?: () => Promise<Uint8Array>,
): Promise<PinnedWhole | undefined> {
  let bytes: Uint8Array | undefined;
  for (let tries = 1; tries <= maxTries; tries++) {
    const known = await pinEntry(folder, key, false);
    if (known?.sizeBytes === sizeBytes) return { pin: known, isMade: false };
    if (known) {
      await known.release();
      await removeEntry(folder, key);
    }
    bytes ??= await content?.();
    if (!bytes) return undefined;
    const made = await makeWhole(folder, key, bytes);
    if (made) return { pin: made, isMade: true };
  }
  throw new Error("The cache folder is changed by something outside.");
}

/**
 * `undefined` where there is an entry of this key meanwhile. The bytes always go through Node's pool, as a disk may hold up
 * who writes them.
 */
async function makeWhole(folder: CacheFolder, key: string, bytes: Uint8Array): Promise<Pin | undefined> {
  const path = join(folder.instance.temporary, folder.newId());
  const pinPath = newPinPath(folder);
  const entry = folder.ledger.record(key, 0, folder.now());
  try {
    const made = await makeFile(folder, path, bytes);
    await folder.calls.do(
      () => renameSync(path, pinPath),
      () => rename(path, pinPath),
    );
    const pin = pinAt(folder, pinPath, "", entry, made);
    if (await isLinked(folder, pinPath, dataOf(folder.entries, key))) return pin;
    folder.ledger.remove(key);
    await pin.release();
    return undefined;
  } catch (thrown) {
    folder.ledger.remove(key);
    for (const left of [path, pinPath]) await rm(left, { force: true });
    throw thrown;
  }
}

async function makeFile(folder: CacheFolder, path: string, bytes: Uint8Array): Promise<Stats> {
  const { calls } = folder;
  const file = await openNew(folder, path);
  try {
    for (let at = 0; at < bytes.length; ) {
      at += (await writeTo(file, bytes, at, bytes.length - at, at)).bytesWritten;
    }
    return await calls.do(
      () => fstatSync(file),
      () => statOf(file),
    );
  } finally {
    await calls.do(
      () => closeSync(file),
      () => closed(file),
    );
  }
}

async function openNew(folder: CacheFolder, path: string): Promise<number> {
  const openOnce = () =>
    folder.calls.do(
      () => openSync(path, "wx", 0o400),
      () => opened(path, "wx", 0o400),
    );
  try {
    return await openOnce();
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    await folder.restore();
    return openOnce();
  }
}

async function isLinked({ calls }: CacheFolder, path: string, entryPath: string): Promise<boolean> {
  try {
    await calls.do(
      () => linkSync(path, entryPath),
      () => link(path, entryPath),
    );
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === "EEXIST") return false;
    throw thrown;
  }
}
