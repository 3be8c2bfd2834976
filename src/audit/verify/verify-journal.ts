import { join } from "node:path";
import type { AnchorStore, ChainAnchors } from "../anchors/anchors.ts";
import { listChains, listSegments } from "../journal/segments.ts";
import { readLines } from "../read/read-lines.ts";
import { ChainWalk } from "./chain-walk.ts";
import { createExpiries, type Expiries, type Expiry } from "./expiries.ts";
import { holdAnchors } from "./hold-anchors.ts";
import type { Problem } from "./problem.ts";

/** What was found of one chain. */
export interface VerifiedChain {
  chain: string;
  files: number;
  records: number;
  firstSequence: number;
  lastSequence: number;
  hash: string;
  /** How far the chain is anchored; 0 for not at all. */
  anchoredThrough: number;
}

/** What was found of a journal. */
export interface Verdict {
  chains: VerifiedChain[];
  problems: Problem[];
  /** Nothing wrong, but good to know. */
  notes: string[];
}

export interface VerifyRequest {
  dir: string;
  /** Left out, an end that was cut off cannot be seen. */
  store: AnchorStore | undefined;
  retentionDays: number;
}

/** Holds every chain of a journal against itself and its anchors. A server may be writing to it meanwhile. */
export async function verifyJournal({ dir, store, retentionDays }: VerifyRequest): Promise<Verdict> {
  // Before the journal: what is anchored while it is read is none of its end.
  const anchors = store ? await store.read() : new Map<string, ChainAnchors>();
  const verdict: Verdict = { chains: [], problems: [], notes: [] };
  if (!store) {
    verdict.notes.push("Without anchors (setting audit.anchor) an end that was cut off cannot be seen.");
  }
  const expiries = createExpiries();
  const starts = new Map<string, ChainWalk>();
  for (const chain of await listChains(dir)) {
    starts.set(chain, await verifyChain(chain, { dir, anchored: anchors.get(chain), expiries, verdict }));
  }
  const retentionMs = retentionDays * 86_400_000;
  for (const [chain, walk] of starts) {
    checkStart(chain, walk, { expiries, retentionMs, verdict, anchored: anchors.get(chain) });
  }
  for (const [chain, anchored] of anchors) {
    if (!starts.has(chain)) checkGone(chain, anchored, expiries, verdict);
  }
  return verdict;
}

interface ChainRequest {
  dir: string;
  anchored: ChainAnchors | undefined;
  expiries: Expiries;
  verdict: Verdict;
}

async function verifyChain(
  chain: string,
  { dir, anchored, expiries, verdict }: ChainRequest,
): Promise<ChainWalk> {
  const report = (problem: Problem) => void verdict.problems.push(problem);
  const segments = await listSegments(join(dir, chain));
  const walk = new ChainWalk(chain, segments[0]?.firstSequence ?? 1, report);
  const anchorCheck = holdAnchors(chain, anchored, report);
  let records = 0;
  for (const [index, { path }] of segments.entries()) {
    let line = 0;
    for await (const { text, isWhole } of readLines(path)) {
      line++;
      if (!isWhole && index === segments.length - 1) {
        verdict.notes.push(`${path}: its last line is being written, or was cut off by a crash.`);
        break;
      }
      const record = walk.take(text, { file: path, line });
      records++;
      if (record) {
        anchorCheck.see(record);
        expiries.see(record);
      }
    }
  }
  walk.finish();
  anchorCheck.finish(walk.head.sequence, walk.before.sequence);
  verdict.chains.push({
    chain,
    files: segments.length,
    records,
    firstSequence: walk.before.sequence + 1,
    lastSequence: walk.head.sequence,
    hash: walk.head.hash,
    anchoredThrough: Math.max(0, ...(anchored?.anchors.map(({ sequence }) => sequence) ?? [])),
  });
  return walk;
}

interface StartRequest extends Omit<ChainRequest, "dir"> {
  retentionMs: number;
}

/** A head is anchored within seconds, when its process was not stopped before. */
const anchorDelayMs = 3_600_000;

/** A chain that does not begin with its first record must say why. */
function checkStart(chain: string, { before }: ChainWalk, request: StartRequest): void {
  const { expiries, retentionMs, verdict, anchored } = request;
  if (before.sequence === 0) return;
  const expiry = expiries.find(chain, before.sequence, before.hash);
  const tell = (message: string) =>
    void verdict.problems.push({ kind: "deleted", chain, sequence: 1, message });
  if (!expiry) tell(`Records 1 to ${before.sequence} are not there, and no record says that they expired.`);
  const last = anchored?.anchors.findLast(({ sequence }) => sequence <= before.sequence);
  const keptMs = (until: Expiry, time: string) => Date.parse(until.time) - Date.parse(time);
  const isEarly =
    expiry &&
    (keptMs(expiry, expiry.throughTime) < retentionMs ||
      (last && keptMs(expiry, last.time) < retentionMs - anchorDelayMs));
  if (expiry && isEarly)
    tell(`Records 1 to ${before.sequence} were deleted at ${expiry.time}, before they had expired.`);
}

/** A chain that was anchored and is gone as a whole. */
function checkGone(
  chain: string,
  { anchors, place }: ChainAnchors,
  expiries: Expiries,
  verdict: Verdict,
): void {
  const last = anchors.at(-1);
  const through = expiries.last(chain)?.throughSequence ?? 0;
  if (!last || through >= last.sequence) return;
  const message = `The whole chain is gone; record ${last.sequence} was anchored at ${last.time}.`;
  verdict.problems.push({ kind: "deleted", chain, file: place, sequence: 1, message });
}
