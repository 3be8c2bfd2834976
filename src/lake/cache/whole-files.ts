import { close, closeSync, fstat, fstatSync, linkSync, type Stats, writev } from "node:fs";
import { link, rm } from "node:fs/promises";
import { promisify } from "node:util";
import { errnoOf } from "../stores/errno.ts";
import { sumLengths } from "../stores/read-bytes.ts";
import { removeEntry } from "./evict.ts";
import { type CacheFolder, dataOf } from "./folder.ts";
import { openNew } from "./new-files.ts";
import { newPinPath, type Pin, pinAt, pinEntry } from "./pins.ts";

const writePieces = promisify(writev);
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
  content?: () => Promise<readonly Uint8Array[]>,
): Promise<PinnedWhole | undefined> {
  let pieces: readonly Uint8Array[] | undefined;
  for (let tries = 1; tries <= maxTries; tries++) {
    const known = await pinEntry(folder, key, false);
    if (known?.sizeBytes === sizeBytes) return { pin: known, isMade: false };
    if (known) {
      await known.release();
      await removeEntry(folder, key);
    }
    pieces ??= await content?.();
    if (!pieces) return undefined;
    const made = await makeWhole(folder, key, pieces);
    if (made) return { pin: made, isMade: true };
  }
  throw new Error("The cache folder is changed by something outside.");
}

/**
 * `undefined` where there is an entry of this key meanwhile. The bytes always go through Node's pool, as a disk may hold up
 * who writes them.
 */
async function makeWhole(
  folder: CacheFolder,
  key: string,
  pieces: readonly Uint8Array[],
): Promise<Pin | undefined> {
  const pinPath = newPinPath(folder);
  const entry = folder.ledger.record(key, 0, folder.now());
  try {
    const made = await makeFile(folder, pinPath, pieces);
    const pin = pinAt(folder, pinPath, "", entry, made);
    if (await isLinked(folder, pinPath, dataOf(folder.entries, key))) return pin;
    folder.ledger.remove(key);
    await pin.release();
    return undefined;
  } catch (thrown) {
    folder.ledger.remove(key);
    await rm(pinPath, { force: true });
    throw thrown;
  }
}

async function makeFile(folder: CacheFolder, path: string, pieces: readonly Uint8Array[]): Promise<Stats> {
  const { calls } = folder;
  const file = await openNew(folder, path);
  try {
    await writeAll(file, pieces);
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

/** A nearly full disk takes a part of a write before it refuses the rest. */
async function writeAll(file: number, pieces: readonly Uint8Array[]): Promise<void> {
  let { bytesWritten: written } = await writePieces(file, pieces, 0);
  if (written === sumLengths(pieces)) return;
  const bytes = Buffer.concat(pieces);
  while (written < bytes.length) {
    written += (await writePieces(file, [bytes.subarray(written)], written)).bytesWritten;
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
