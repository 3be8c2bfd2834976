import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { errnoOf, ifMissing } from "../stores/errno.ts";

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
/** An instance that gave no sign for so long is gone, even where its process id cannot be asked. */
const staleMs = 10 * 60_000;

/** Two starts this far apart are two processes, even with the same id: a container begins with the same one again. */
const sameStartMs = 2_000;

/** Other hosts' process ids say nothing here. */
const thisHost = hostname().replace(/[^A-Za-z0-9.-]/g, "_");

/**
 * Makes this process's own folder below `instances`, and keeps it alive until `leave`. Goes by the machine's clock
 * and no other: it is held against times of files and starts of processes, which other processes write.
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

/** By which other processes tell whether this one is there still. */
export function nameOfProcess(id: string): string {
  const startedMs = Math.round(Date.now() - process.uptime() * 1000);
  return `${thisHost}~${process.pid}~${startedMs}~${id}`;
}

/** Gives signs of life in a folder with such a name until the answer is called, also where it is not made yet. */
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
export async function sweepInstances(instances: string, own: string): Promise<string[]> {
  // Before the instances, as every folder of links is made by one that is there.
  const links = await linksIn(instances);
  const alive = await sweepFolders(instances, own);
  await sweepLinks(instances, links, (owner) => alive.includes(owner));
  return alive;
}

/** Folders with names of processes that are there, after all others were removed. */
export async function sweepFolders(parent: string, own: string): Promise<string[]> {
  const alive: string[] = [];
  for (const name of await readdir(parent)) {
    if (name === own || (await isAlive(join(parent, name), name, own))) alive.push(name);
    else await rm(join(parent, name), { recursive: true, force: true });
  }
  return alive;
}

async function isAlive(folder: string, name: string, own: string): Promise<boolean> {
  if (isKnownDead(name, own)) return false;
  const found = await ifMissing(stat(folder), undefined);
  return found !== undefined && Date.now() - found.mtimeMs < staleMs;
}

function isKnownDead(name: string, own: string): boolean {
  const [host, pid, startedMs] = name.split("~");
  const [ownHost, ownPid, ownStartedMs] = own.split("~");
  if (host !== ownHost) return false;
  if (pid !== ownPid) return !processExists(Number(pid));
  return Math.abs(Number(startedMs) - Number(ownStartedMs)) > sameStartMs;
}

function processExists(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return errnoOf(thrown) === "EPERM";
  }
}
