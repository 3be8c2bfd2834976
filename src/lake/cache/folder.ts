import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bootId } from "../../core/processes.ts";
import type { CacheCounts } from "./counts.ts";
import { createDirectCalls, type DirectCalls, newFile } from "./direct-calls.ts";
import { enterInstances, type Instance } from "./instance.ts";
import { createLedger, type Ledger } from "./ledger.ts";

/** Where the cache is and how large it may grow. */
export interface FolderOptions {
  dir: string;
  maxBytes: number;
  newId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Names the start of the machine. Default: as the system does. */
  boot?: string | undefined;
  /** Has files given back that are held for no call. */
  letGo(): Promise<void>;
  counts: CacheCounts;
}

/**
 * The cache folder and this process's part in it. `entries/<key>/{data,facts}` hold what was
 * derived, whole, and `entries/<key>/{data,ranges}` what is there of an object: made in `instances/<process>/tmp` and
 * moved in by one rename. `entries/<key>~<boot>` is all of a small object, in the boot of the machine in which it was
 * written: one file, as what takes time of it is the files it is made of, under the name of its pin until all of it is there. `instances/<process>/reserved` is as large as what this process is about to fetch. What is in use has a second name in
 * `instances/<process>/pins`, and may have a third in `links/<process>~<number>`: its link count keeps every process from evicting it, and a process that was
 * killed leaves nothing but a folder that the next one sweeps.
 */
export interface CacheFolder extends FolderOptions {
  entries: string;
  instances: string;
  instance: Instance;
  ledger: Ledger;
  /** Names this run of the machine, or of this process where the machine does not say. */
  bootId: string;
  /** Whether what another process of this boot wrote may be believed without it being synced. */
  knowsBoot: boolean;
  /** How files are moved and linked, */
  calls: DirectCalls;
  /** and how they are made. */
  opens: DirectCalls;
  /** Pins on their way out. */
  releasing: Set<Promise<void>>;
  /** Makes again what something that cleans up temporary folders took away. */
  restore(): Promise<void>;
}

/** The entry of a small object that is there whole: believed in this boot of the machine alone, as it is never synced. */
export function wholeKey(key: string, { bootId }: Pick<CacheFolder, "bootId">): string {
  return `${key}~${bootId}`;
}

export function isWholeKey(key: string): boolean {
  return key.includes("~");
}

/** Where the bytes of an entry lie. */
export function dataOf(entries: string, key: string): string {
  return isWholeKey(key) ? join(entries, key) : join(entries, key, "data");
}

/** Makes the folder and enters this process into it. Rejects with the file system's own errors. */
export async function openFolder(options: FolderOptions): Promise<CacheFolder> {
  const [entries, instances] = [join(options.dir, "v1", "entries"), join(options.dir, "v1", "instances")];
  const make = async (...folders: string[]) => {
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  };
  await make(entries, instances);
  const instance = await enterInstances(instances, options.newId());
  const boot = options.boot ?? bootId();
  return {
    ...options,
    entries,
    instances,
    instance,
    ledger: createLedger(),
    calls: createDirectCalls(),
    opens: createDirectCalls(newFile),
    bootId: boot ?? options.newId(),
    knowsBoot: boot !== undefined,
    releasing: new Set(),
    restore: () => make(entries, instance.temporary, instance.pins),
  };
}
