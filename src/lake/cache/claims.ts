import { chmod, mkdir, rename, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../stores/errno.ts";
import type { Evictor } from "./evict.ts";
import type { CacheFolder } from "./folder.ts";
import { allInUse, neverFits } from "./no-room.ts";
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
    ledger.claim(id, 0);
  };
  const resize = async (bytes: number) => {
    if (bytes > maxBytes) throw neverFits(bytes, maxBytes);
    const grownBytes = bytes - ledger.claimed(id);
    ledger.claim(id, bytes);
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
  const entry = ledger.record(key, ledger.claimed(id), now());
  ledger.claim(id, 0);
  const pin = await pinFile(folder, dataPath, facts, entry);
  try {
    await rename(path, join(folder.entries, key));
  } catch (thrown) {
    // Another process was first with the same content.
    const code = errnoOf(thrown);
    if (code !== "ENOTEMPTY" && code !== "EEXIST") {
      await pin.release();
      ledger.remove(key);
      throw thrown;
    }
    await rm(path, { recursive: true, force: true });
  }
  return pin;
}
