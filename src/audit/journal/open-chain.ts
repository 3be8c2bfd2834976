import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../telemetry/log.ts";
import type { RecordFields } from "../record/record.ts";
import { furthestRelayed } from "../relay/position.ts";
import { type OpenAppendFile, syncFolder } from "./append-file.ts";
import { type ChainWriter, createChainWriter } from "./chain-writer.ts";
import { type Claim, claimChain } from "./claim.ts";
import { type ChainEnd, DamagedChainError, findEnd } from "./find-end.ts";
import { ownIdentity } from "./process-identity.ts";
import { listChains, listSegments, newChainName } from "./segments.ts";
import { noteOfTorn, setAside } from "./set-aside.ts";

export interface OpenChainOptions {
  dir: string;
  rotateBytes: number;
  /** Of this program: said in the record that each process begins with. */
  version: string;
  openFile: OpenAppendFile;
  log: Log;
  now(): number;
  newId(): string;
}

/** A chain this process may append to, and what it is to record first. */
export interface OpenedChain {
  writer: ChainWriter;
  /** Records to stand before all others of this process. */
  first: readonly RecordFields[];
  release(): Promise<void>;
}

/** Goes on with a chain that no process has, or begins a new one. */
export async function openChain(options: OpenChainOptions): Promise<OpenedChain> {
  const { dir, now, newId } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  for (const chain of (await listChains(dir)).reverse()) {
    const opened = await reopen(chain, options);
    if (opened) return opened;
  }
  // Another process that looks for a chain may take a new one the moment it is there.
  for (let tries = 0; tries < maxTries; tries++) {
    const chain = newChainName(now(), newId());
    await mkdir(join(dir, chain), { mode: 0o700 });
    await syncFolder(dir);
    const opened = await reopen(chain, options);
    if (opened) return opened;
  }
  throw new Error(`${maxTries} new chains were each taken by another process.`);
}

const maxTries = 50;

/** Chains whose end does not hold are marked so: nobody appends to them, and they stay as they are. */
const damagedMark = "damaged";

/** Has nobody append to the chain in `folder` any more: numbers that others have seen must not be given again. */
export async function markDamaged(folder: string, log: Log): Promise<void> {
  await writeFile(join(folder, damagedMark), "");
  log.error("audit chain damaged", { folder, advice: "Look into it with: sluice audit verify" });
}

async function reopen(chain: string, options: OpenChainOptions): Promise<OpenedChain | undefined> {
  const folder = join(options.dir, chain);
  if ((await readdir(folder)).includes(damagedMark)) return undefined;
  const claim = await claimChain(folder, ownIdentity());
  if (!claim) return undefined;
  try {
    return await prepare(chain, folder, claim, options);
  } catch (thrown) {
    if (thrown instanceof DamagedChainError) await markDamaged(folder, options.log);
    await claim.release();
    if (thrown instanceof DamagedChainError) return undefined;
    throw thrown;
  }
}

async function prepare(
  chain: string,
  folder: string,
  claim: Claim,
  options: OpenChainOptions,
): Promise<OpenedChain> {
  const { rotateBytes, openFile, now, version } = options;
  const end = await findEnd(await listSegments(folder));
  // Records that sinks have and the file has not were cut off it: sinks would take new ones of these numbers for theirs.
  if (end.head.sequence < (await furthestRelayed(folder))) throw new DamagedChainError(folder);
  await cutTorn(folder, end, openFile);
  const time = new Date(now()).toISOString();
  const { host, pid } = ownIdentity();
  const torn = await noteOfTorn(folder, end.head.sequence + 1, time);
  if (torn) options.log.warn("audit line set aside", { folder, setAside: torn.setAside });
  const opened = { kind: "opened" as const, time, host, pid, version, node: process.version };
  return {
    writer: createChainWriter({ chain, folder, end, rotateBytes, openFile, now }),
    first: torn ? [torn, opened] : [opened],
    release: () => claim.release(),
  };
}

async function cutTorn(folder: string, end: ChainEnd, openFile: OpenAppendFile): Promise<void> {
  if (!end.segment || end.torn.length === 0) return;
  await setAside(folder, end.head.sequence + 1, end.torn);
  const file = await openFile(end.segment.path);
  try {
    await file.cut(end.wholeBytes);
  } finally {
    await file.close();
  }
}
