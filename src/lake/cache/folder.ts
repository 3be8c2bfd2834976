import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { enterInstances, type Instance } from "./instance.ts";
import { createLedger, type Ledger } from "./ledger.ts";

/** Where the cache is and how large it may grow. */
export interface FolderOptions {
  dir: string;
  maxBytes: number;
  newId(): string;
  /** Milliseconds since the epoch. */
  now(): number;
}

/**
 * The cache folder and this process's part in it. `entries/<key>/{data,facts}` hold what is whole: made in
 * `instances/<process>/tmp` and moved in by one rename. What is in use has a second name in
 * `instances/<process>/pins`: its link count keeps every process from evicting it, and a process that was
 * killed leaves nothing but a folder that the next one sweeps.
 */
export interface CacheFolder extends FolderOptions {
  entries: string;
  instances: string;
  instance: Instance;
  ledger: Ledger;
  /** Pins on their way out. */
  releasing: Set<Promise<void>>;
  /** Makes again what something that cleans up temporary folders took away. */
  restore(): Promise<void>;
}

/** Makes the folder and enters this process into it. Rejects with the file system's own errors. */
export async function openFolder(options: FolderOptions): Promise<CacheFolder> {
  const [entries, instances] = [join(options.dir, "v1", "entries"), join(options.dir, "v1", "instances")];
  const make = async (...folders: string[]) => {
    for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  };
  await make(entries, instances);
  const instance = await enterInstances(instances, options.newId());
  return {
    ...options,
    entries,
    instances,
    instance,
    ledger: createLedger(),
    releasing: new Set(),
    restore: () => make(entries, instance.temporary, instance.pins),
  };
}
