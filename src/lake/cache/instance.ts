import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ifMissing } from "../stores/errno.ts";
import { nameOfProcess, processRuns } from "./process-name.ts";

/** What one process has in the cache folder beside the entries: files in the making, and pins. */
export interface Instance {
  folder: string;
  /** Files in the making. Swept when the process is gone. */
  temporary: string;
  /** Hard links to files in use. An entry with more than one link is never evicted, whichever process looks. */
  pins: string;
  /** A folder for further names of files in use, never the same twice, not made yet. Swept as the others are. */
  newLinks(): string;
  /** Folder name among the instances. */
  name: string;
  leave(): Promise<void>;
}

const heartbeatMs = 60_000;
/** An instance that gave no sign for so long is gone, where its process cannot be asked for. */
const staleMs = 10 * 60_000;

/**
 * Makes this process's own folder below `instances`, and keeps it alive until `leave`. Goes by the machine's clock
 * and no other: it is held against times of files, which other processes write.
 */
export async function enterInstances(instances: string, id: string): Promise<Instance> {
  const name = nameOfProcess(id);
  const folder = join(instances, name);
  const [temporary, pins] = [join(folder, "tmp"), join(folder, "pins")];
  for (const path of [temporary, pins]) await mkdir(path, { recursive: true, mode: 0o700 });
  let linksMade = 0;
  const letDie = keepAlive(folder);
  return {
    folder,
    temporary,
    pins,
    newLinks: () => join(linksBeside(instances), `${name}~${++linksMade}`),
    name,
    async leave() {
      letDie();
      await rm(folder, { recursive: true, force: true });
      await sweepLinks(instances, await linksIn(instances), (owner) => owner !== name);
    },
  };
}

/** Gives signs of life in a folder of this process until the answer is called, also where it is not made yet. */
export function keepAlive(folder: string): () => void {
  const beat = () => {
    const now = new Date();
    utimes(folder, now, now).catch(() => {});
  };
  const timer = setInterval(beat, heartbeatMs).unref();
  return () => clearInterval(timer);
}

/** Not in the instances' own folders: the engine follows every step of a path at each of its looks at a file. */
function linksBeside(instances: string): string {
  return join(dirname(instances), "links");
}

function linksIn(instances: string): Promise<string[]> {
  return ifMissing(readdir(linksBeside(instances)), []);
}

async function sweepLinks(
  instances: string,
  names: readonly string[],
  isAlive: (owner: string) => boolean,
): Promise<void> {
  for (const name of names) {
    const owner = name.slice(0, name.lastIndexOf("~"));
    if (!isAlive(owner)) await rm(join(linksBeside(instances), name), { recursive: true, force: true });
  }
}

/** Instances now in the folder, after those of processes that are gone were removed. */
export async function sweepInstances(instances: string): Promise<string[]> {
  // Before the instances, as every folder of links is made by one that is there.
  const links = await linksIn(instances);
  const alive = await sweepFolders(instances, (_, mtimeMs) => Date.now() - mtimeMs >= staleMs);
  await sweepLinks(instances, links, (owner) => alive.includes(owner));
  return alive;
}

/** Whether a folder gave no sign for so long that its process is gone. `mtimeMs`: when it gave the last. */
export type IsSilent = (name: string, mtimeMs: number) => boolean;

/**
 * Folders of processes that are there, after those of others were removed: of processes that are gone, and silent ones of
 * those that cannot be asked for. Ends early once `signal` is aborted.
 */
export async function sweepFolders(
  parent: string,
  isSilent: IsSilent,
  signal?: AbortSignal,
): Promise<string[]> {
  const alive: string[] = [];
  for (const name of await readdir(parent)) {
    if (signal?.aborted || (await isAlive(join(parent, name), name, isSilent))) alive.push(name);
    // What cannot be removed must not keep what can.
    else await rm(join(parent, name), { recursive: true, force: true }).catch(() => alive.push(name));
  }
  return alive;
}

async function isAlive(folder: string, name: string, isSilent: IsSilent): Promise<boolean> {
  const isRunning = processRuns(name);
  if (isRunning !== undefined) return isRunning;
  const found = await ifMissing(stat(folder), undefined);
  return found !== undefined && !isSilent(name, found.mtimeMs);
}
