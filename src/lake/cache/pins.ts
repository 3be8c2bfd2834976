import type { Stats } from "node:fs";
import { link, readFile, stat, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../stores/errno.ts";
import type { CacheFolder } from "./folder.ts";
import type { LedgerEntry } from "./ledger.ts";

/** A name of an entry's content that stays until it is released, whatever becomes of the entry. */
export interface Pin {
  path: string;
  sizeBytes: number;
  /** What was left beside the content, or empty. */
  facts: string;
  /** One more pin of the same content. */
  share(): Promise<Pin>;
  /** Notes how much of the disk it takes now. */
  measure(): Promise<void>;
  release(): void;
}

/** Of a file of which parts were never written, those take no disk. */
export function diskBytes({ size, blocks }: Pick<Stats, "size" | "blocks">): number {
  return Math.min(size, blocks * 512);
}

/** Pins what lies at `path`, counting it on `entry`. */
export async function pinFile(
  folder: CacheFolder,
  key: string,
  path: string,
  facts: string,
  entry: LedgerEntry,
): Promise<Pin> {
  const pinPath = join(folder.instance.pins, folder.newId());
  // Counted before the link is there, so that nothing of this process evicts it in between.
  entry.pins++;
  try {
    await link(path, pinPath);
    const { size } = await stat(pinPath);
    return {
      path: pinPath,
      sizeBytes: size,
      facts,
      share: () => pinFile(folder, key, pinPath, facts, entry),
      measure: () => measure(folder, key, pinPath, entry),
      release: releaseOnce(folder, pinPath, entry),
    };
  } catch (thrown) {
    entry.pins--;
    throw thrown;
  }
}

/** An entry that was removed meanwhile counts no more. */
async function measure(
  { ledger, now }: CacheFolder,
  key: string,
  path: string,
  entry: LedgerEntry,
): Promise<void> {
  const found = await stat(path);
  if (ledger.entries.get(key) === entry) ledger.record(key, diskBytes(found), now());
}

function releaseOnce({ releasing }: CacheFolder, pinPath: string, entry: LedgerEntry): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    const done = unlink(pinPath)
      .catch(() => {})
      .then(() => {
        entry.pins--;
        releasing.delete(done);
      });
    releasing.add(done);
  };
}

/** Pins the entry of `key` as just used. `undefined` where there is none. */
export async function pinEntry(folder: CacheFolder, key: string): Promise<Pin | undefined> {
  const { ledger, now } = folder;
  const path = join(folder.entries, key);
  const data = join(path, "data");
  try {
    const facts = await readFacts(path);
    const entry = ledger.entries.get(key) ?? ledger.record(key, diskBytes(await stat(data)), now());
    const pin = await pinFile(folder, key, data, facts, entry);
    await utimes(pin.path, now() / 1000, now() / 1000);
    if (ledger.entries.get(key) === entry) ledger.record(key, entry.sizeBytes, now());
    return pin;
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    // One with pins is being published, or was evicted by another process and still takes its bytes.
    if (ledger.entries.get(key)?.pins === 0) ledger.remove(key);
    return undefined;
  }
}

/** Empty where none were left. */
export async function readFacts(entryFolder: string): Promise<string> {
  try {
    return await readFile(join(entryFolder, "facts"), "utf8");
  } catch (thrown) {
    if (errnoOf(thrown) === "ENOENT") return "";
    throw thrown;
  }
}
