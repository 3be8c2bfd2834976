import { chmod, mkdir, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "../../core/errors.ts";
import { errnoOf } from "../stores/errno.ts";
import type { Evictor } from "./evict.ts";
import type { CacheFolder } from "./folder.ts";
import { type Pin, pinFile, readFacts } from "./pins.ts";

/** Room for an entry in the making. Its methods must not run while the evictor works. */
export interface Claim {
  /** Where the content is written. It exists with the claimed size, unless that is 0. */
  dataPath: string;
  /** Where facts about it are written, if any. */
  factsPath: string;
  /** Makes room for so many bytes in all. Throws `too_large`. */
  resize(sizeBytes: number): Promise<void>;
  /** Makes it the entry of `key`, whole and at once, pinned. */
  publish(key: string): Promise<Pin>;
  /** Removes what was not published. */
  drop(): Promise<void>;
}

/**
 * Claims first and looks for room after: of two processes that claim at the same time, at least one sees both.
 * Throws `too_large`.
 */
export async function makeClaim(folder: CacheFolder, evictor: Evictor, sizeBytes: number): Promise<Claim> {
  const { ledger, maxBytes } = folder;
  const id = folder.newId();
  const path = join(folder.instance.temporary, id);
  const dataPath = join(path, "data");
  const drop = async () => {
    await rm(path, { recursive: true, force: true });
    ledger.claims.delete(id);
  };
  const resize = async (bytes: number) => {
    if (bytes > maxBytes) throw neverFits(bytes, maxBytes);
    const grownBytes = bytes - (ledger.claims.get(id) ?? 0);
    ledger.claims.set(id, bytes);
    if (!(await evictor.makeRoom(grownBytes))) throw allInUse(bytes, maxBytes);
  };
  try {
    await makeFile(folder, path, sizeBytes);
    await resize(sizeBytes);
  } catch (thrown) {
    await drop();
    throw thrown;
  }
  const publish = (key: string) => publishClaim(folder, id, path, key);
  return { dataPath, factsPath: join(path, "facts"), resize, publish, drop };
}

/** Room for bytes that are about to be written to an entry. */
export interface Reservation {
  release(): Promise<void>;
}

/** Up to this much is not shown to other processes, since showing takes longer than fetching it. */
const quietBytes = 4 * 1024 * 1024;

/** Throws `too_large`. Must not run while the evictor works. */
export async function reserveRoom(
  folder: CacheFolder,
  evictor: Evictor,
  sizeBytes: number,
): Promise<Reservation> {
  if (sizeBytes > quietBytes) {
    const claim = await makeClaim(folder, evictor, sizeBytes);
    return { release: claim.drop };
  }
  const { ledger, maxBytes, newId } = folder;
  const id = newId();
  ledger.claims.set(id, sizeBytes);
  const release = async () => {
    ledger.claims.delete(id);
  };
  if (await evictor.makeRoom(sizeBytes)) return { release };
  await release();
  throw sizeBytes > maxBytes ? neverFits(sizeBytes, maxBytes) : allInUse(sizeBytes, maxBytes);
}

/** At its full size from the start, so that other processes count it. It takes no disk until it is written. */
async function makeFile(folder: CacheFolder, path: string, sizeBytes: number): Promise<void> {
  await folder.restore();
  await mkdir(path, { mode: 0o700 });
  if (sizeBytes === 0) return;
  const dataPath = join(path, "data");
  await writeFile(dataPath, "", { mode: 0o600 });
  await truncate(dataPath, sizeBytes);
}

async function publishClaim(folder: CacheFolder, id: string, path: string, key: string): Promise<Pin> {
  const { ledger, now } = folder;
  const dataPath = join(path, "data");
  await chmod(dataPath, 0o400);
  await utimes(dataPath, now() / 1000, now() / 1000);
  const facts = await readFacts(path);
  const entry = ledger.record(key, ledger.claims.get(id) ?? 0, now());
  ledger.claims.delete(id);
  const pin = await pinFile(folder, key, dataPath, facts, entry);
  try {
    await rename(path, join(folder.entries, key));
  } catch (thrown) {
    // Another process was first with the same content.
    const code = errnoOf(thrown);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") {
      pin.release();
      ledger.remove(key);
      throw thrown;
    }
    await rm(path, { recursive: true, force: true });
  }
  return pin;
}

function neverFits(sizeBytes: number, maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `${sizeBytes} bytes do not fit in the local cache, which holds ${maxBytes} (lake.cache.maxBytes).`,
    { details: { sizeBytes, maxBytes, setting: "lake.cache.maxBytes" } },
  );
}

function allInUse(sizeBytes: number, maxBytes: number): ToolError {
  return new ToolError(
    "too_large",
    `The local cache holds ${maxBytes} bytes (lake.cache.maxBytes), and too much of it is in use by running calls to take in ${sizeBytes} more. Read less at once, try again later, or raise the setting.`,
    { details: { sizeBytes, maxBytes, setting: "lake.cache.maxBytes" }, retryable: true },
  );
}
