import { rm } from "node:fs/promises";
import { join } from "node:path";
import { ownershipOf } from "./claim.ts";
import { lastRecordOf } from "./find-end.ts";
import type { Journal } from "./journal.ts";
import { ownIdentity } from "./process-identity.ts";
import { listChains, listSegments, type Segment } from "./segments.ts";

export interface ExpireOptions {
  dir: string;
  journal: Journal;
  retentionDays: number;
  /** How far every sink has a chain; nothing beyond is deleted. */
  relayedThrough(folder: string): Promise<number>;
  now(): number;
}

/**
 * Deletes whole files all of whose records are older than the retention, once a record says so: what is left still
 * verifies from there on. Of chains that nobody writes, all files go. Does nothing before this process has a chain.
 */
export async function expireRecords(options: ExpireOptions): Promise<void> {
  const own = options.journal.own();
  if (!own) return;
  await expireChain(own.chain, options, (segments) => segments.slice(0, -1));
  for (const chain of await listChains(options.dir)) {
    const folder = join(options.dir, chain);
    if (chain === own.chain || (await ownershipOf(folder, ownIdentity())) === "owned") continue;
    const segments = await listSegments(folder);
    const isWhole = await expireChain(chain, options, () => segments);
    if (isWhole) await rm(folder, { recursive: true });
  }
}

/** Answers whether all of what `choose` takes has expired and is gone. */
async function expireChain(
  chain: string,
  { dir, journal, retentionDays, relayedThrough, now }: ExpireOptions,
  choose: (segments: Segment[]) => Segment[],
): Promise<boolean> {
  const folder = join(dir, chain);
  const candidates = choose(await listSegments(folder));
  const relayed = await relayedThrough(folder);
  const oldest = now() - retentionDays * 86_400_000;
  const expired: Segment[] = [];
  let through: { sequence: number; hash: string; time: string } | undefined;
  for (const segment of candidates) {
    const last = await lastRecordOf(segment);
    if (!last || Date.parse(last.time) >= oldest || last.sequence > relayed) break;
    expired.push(segment);
    through = last;
  }
  if (!through) return false;
  await journal.require({
    kind: "expired",
    time: new Date(now()).toISOString(),
    expiredChain: chain,
    throughSequence: through.sequence,
    throughHash: through.hash,
    throughTime: through.time,
    files: expired.length,
  });
  for (const { path } of expired) await rm(path);
  return expired.length === candidates.length;
}
