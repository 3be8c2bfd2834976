import { type Stats, statSync } from "node:fs";
import { link, readFile, stat, unlink, utimes } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, ifMissing } from "../stores/errno.ts";
import { diskBytes } from "./disk-bytes.ts";
import { type CacheFolder, dataOf } from "./folder.ts";
import type { LedgerEntry } from "./ledger.ts";

/** How often other processes are shown that an entry is in use: they evict by it. */
const shownEveryMs = 30_000;

/** A name of an entry's content that stays until it is released, whatever becomes of the entry. */
export interface Pin {
  path: string;
  sizeBytes: number;
  /** Tells the file from every other, also from one that gets its inode later. */
  identity: string | undefined;
  inode: number;
  /** What was left beside the content, or empty. */
  facts: string;
  /** One more pin of the same content. */
  share(): Promise<Pin>;
  /** Settles once the name is gone. Never rejects. */
  release(): Promise<void>;
}

/** Pins what lies at `path`, counting it on `entry`. */
export async function pinFile(
  folder: CacheFolder,
  path: string,
  facts: string,
  entry: LedgerEntry,
): Promise<Pin> {
  const pinPath = newPinPath(folder);
  // Counted before the link is there, so that nothing of this process evicts it in between.
  entry.pins++;
  try {
    await link(path, pinPath);
    return pinOf(folder, pinPath, facts, entry, await stat(pinPath));
  } catch (thrown) {
    entry.pins--;
    throw thrown;
  }
}

/** A name for one more pin. */
export function newPinPath({ instance, newId }: CacheFolder): string {
  return join(instance.pins, newId());
}

/** The pin that lies at `path` already, counting it on `entry`. */
export function pinAt(
  folder: CacheFolder,
  path: string,
  facts: string,
  entry: LedgerEntry,
  found: Stats,
): Pin {
  entry.pins++;
  return pinOf(folder, path, facts, entry, found);
}

function pinOf(folder: CacheFolder, path: string, facts: string, entry: LedgerEntry, found: Stats): Pin {
  return {
    path,
    sizeBytes: found.size,
    inode: found.ino,
    identity: identityOf(found),
    facts,
    share: () => pinFile(folder, path, facts, entry),
    release: releaseOnce(folder, path, entry),
  };
}

/** Undefined on file systems that do not keep when a file was made. */
export function identityOf({ ino, birthtimeMs }: Pick<Stats, "ino" | "birthtimeMs">): string | undefined {
  return birthtimeMs > 0 ? `${ino}/${birthtimeMs}` : undefined;
}

function releaseOnce({ releasing }: CacheFolder, pinPath: string, entry: LedgerEntry): () => Promise<void> {
  let done: Promise<void> | undefined;
  const release = () => {
    const unlinked = unlink(pinPath)
      .catch(() => {})
      .then(() => {
        entry.pins--;
        releasing.delete(unlinked);
      });
    releasing.add(unlinked);
    return unlinked;
  };
  return () => {
    done ??= release();
    return done;
  };
}

/** Pins the entry of `key` as just used, with its facts where they are asked for. `undefined` where there is none. */
export async function pinEntry(
  folder: CacheFolder,
  key: string,
  withFacts: boolean,
): Promise<Pin | undefined> {
  const { ledger } = folder;
  const path = join(folder.entries, key);
  const data = dataOf(folder.entries, key);
  try {
    const facts = withFacts ? await readFacts(path) : "";
    const entry = ledger.entries.get(key) ?? (await found(folder, key, data));
    if (!entry) return undefined;
    const pin = await pinFile(folder, data, facts, entry);
    await noteUse(folder, key, entry, pin);
    return pin;
  } catch (thrown) {
    if (errnoOf(thrown) !== "ENOENT") throw thrown;
    // One with pins is being published, or was evicted by another process and still takes its bytes.
    if (ledger.entries.get(key)?.pins === 0) ledger.remove(key);
    return undefined;
  }
}

/** Of one that this process does not know. Most of those are not there. */
async function found(
  { calls, ledger, now }: CacheFolder,
  key: string,
  data: string,
): Promise<LedgerEntry | undefined> {
  const stats = await calls.do(
    () => statSync(data, { throwIfNoEntry: false }),
    () => ifMissing(stat(data), undefined),
  );
  return stats && (ledger.entries.get(key) ?? ledger.record(key, diskBytes(stats), now()));
}

/** For this process at once, for others as often as matters. */
async function noteUse(
  { ledger, now }: CacheFolder,
  key: string,
  entry: LedgerEntry,
  pin: Pin,
): Promise<void> {
  if (now() - entry.shownMs > shownEveryMs) {
    entry.shownMs = now();
    await utimes(pin.path, now() / 1000, now() / 1000);
  }
  if (ledger.entries.get(key) === entry) ledger.record(key, entry.sizeBytes, now());
}

/** Empty where none were left. */
export async function readFacts(entryFolder: string): Promise<string> {
  return ifMissing(readFile(join(entryFolder, "facts"), "utf8"), "");
}
