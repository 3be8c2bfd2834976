import type { AnchorStore, ChainAnchors } from "../anchors/anchors.ts";
import { openLine, type ReadRecord, readLine } from "../record/record.ts";
import { itemPrefix, type TableRow } from "../table/audit-table.ts";
import { numberOf, partitionOf } from "../table/table-chain.ts";
import { holdAnchors } from "./hold-anchors.ts";
import type { Problem } from "./problem.ts";
import type { VerifiedChain } from "./verify-journal.ts";

export interface TableVerdict {
  chains: Omit<VerifiedChain, "files">[];
  problems: Problem[];
  notes: string[];
}

/** As much of a record as its chain is held by. */
type Link = Pick<ReadRecord, "sequence" | "hash" | "previousHash" | "time"> & { since: string; at: string };

export interface VerifyTableRequest {
  rows: AsyncIterable<TableRow>;
  /** Left out, ends that were deleted cannot be seen. */
  store: AnchorStore | undefined;
  /** Of records before this moment some may have expired, in any order. Milliseconds since the epoch. */
  keptSinceMs: number;
}

/**
 * Holds every chain in a table against itself and its anchors. Servers may be writing to it meanwhile. Takes some 300 bytes
 * of memory a record.
 */
export async function verifyTable(request: VerifyTableRequest): Promise<TableVerdict> {
  const { rows, store, keptSinceMs } = request;
  // Before the table: what is anchored while it is read is none of its ends.
  const anchors = store ? await store.read() : new Map<string, ChainAnchors>();
  const verdict: TableVerdict = { chains: [], problems: [], notes: [] };
  const chains = new Map<string, Link[]>();
  /** Chain and number of items that do not hold: they are told already, and not missing. */
  const bad = new Set<string>();
  for await (const row of rows) {
    const record = openLine(row.line);
    if (!record || keyOf(record) !== `${row.tenantId}\n${row.item}`) {
      verdict.problems.push(badRow(row, record));
      bad.add(row.item.slice(row.item.indexOf("/", itemPrefix.length)));
      continue;
    }
    const { chain, sequence, hash, previousHash, time, chainSince } = record;
    const links = chains.get(chain) ?? [];
    links.push({ sequence, hash, previousHash, time, since: String(chainSince), at: row.item });
    chains.set(chain, links);
  }
  const held = { keptSinceMs, bad, verdict };
  for (const [chain, links] of chains) verifyLinks(chain, links, anchors.get(chain), held);
  for (const [chain, anchored] of anchors) if (!chains.has(chain)) verifyGone(chain, anchored, held);
  if (!store) {
    verdict.notes.push(
      "Without anchors (setting audit.anchor) a chain whose end was deleted, or all of it, cannot be seen.",
    );
  }
  return verdict;
}

function missing(from: number, to: number): string {
  return from === to ? `Record ${from} is not there.` : `Records ${from} to ${to} are not there.`;
}

/** Where a record belongs. */
function keyOf({ tenant, time, chain, sequence }: ReadRecord): string {
  return `${partitionOf(tenant)}\n${itemPrefix}${time}/${chain}/${numberOf(sequence)}`;
}

function badRow({ tenantId, item, line }: TableRow, sound: ReadRecord | undefined): Problem {
  const why = sound ? "is not the record of its key: it was moved" : "does not fit its hash: it was altered";
  const chain = readLine(line)?.chain ?? item.split("/")[2] ?? "";
  return {
    kind: sound ? "reordered" : "edited",
    chain,
    file: `${tenantId} ${item}`,
    message: `The item ${why}.`,
  };
}

interface Held {
  keptSinceMs: number;
  bad: ReadonlySet<string>;
  verdict: TableVerdict;
}

function verifyLinks(chain: string, links: Link[], anchored: ChainAnchors | undefined, held: Held): void {
  const { keptSinceMs, bad, verdict } = held;
  const problem = (kind: Problem["kind"], sequence: number, message: string, at?: string) =>
    void verdict.problems.push({ kind, chain, sequence, message, ...(at && { file: at }) });
  links.sort((a, b) => a.sequence - b.sequence);
  let before: Link | undefined;
  for (const link of links) {
    const { sequence, previousHash, time, since, at } = link;
    const mayBeExpired = Date.parse(before?.time ?? since) < keptSinceMs || Date.parse(time) < keptSinceMs;
    const last = before?.sequence ?? 0;
    const isBad = sequence === last + 2 && bad.has(`/${chain}/${numberOf(last + 1)}`);
    if (before && sequence === last) {
      problem("forked", sequence, `Record ${sequence} is there more than once.`, at);
    } else if (sequence > last + 1) {
      if (!mayBeExpired && !isBad) problem("deleted", last + 1, missing(last + 1, sequence - 1));
    } else if (before ? previousHash !== before.hash : !/^0{64}$/.test(previousHash)) {
      problem("edited", sequence, `Record ${sequence} does not follow from record ${last} as it stands.`, at);
    }
    before = link;
  }
  const [first] = links;
  if (!first || !before) return;
  const anchorCheck = holdAnchors(chain, anchored, (one) => void verdict.problems.push(one));
  for (const link of links) anchorCheck.see(link);
  anchorCheck.finish(endOf(chain, before.sequence, held), expiredThrough(anchored, keptSinceMs));
  verdict.chains.push({
    chain,
    records: links.length,
    firstSequence: first.sequence,
    lastSequence: before.sequence,
    hash: before.hash,
    anchoredThrough: Math.max(0, ...(anchored?.anchors.map(({ sequence }) => sequence) ?? [])),
  });
}

/** A chain that was anchored and of which no record holds. */
function verifyGone(chain: string, anchored: ChainAnchors, held: Held): void {
  const last = anchored.anchors.at(-1);
  const there = Math.max(endOf(chain, 0, held), expiredThrough(anchored, held.keptSinceMs));
  if (!last || last.sequence <= there) return;
  const message = `The whole chain is gone; record ${last.sequence} was anchored at ${last.time}.`;
  held.verdict.problems.push({ kind: "deleted", chain, file: anchored.place, sequence: 1, message });
}

/** With what follows and does not hold: it is told already, and not missing. */
function endOf(chain: string, head: number, { bad }: Held): number {
  let end = head;
  while (bad.has(`/${chain}/${numberOf(end + 1)}`)) end++;
  return end;
}

/** A record is anchored soon after its time; one that waited for its table in memory, within hours. */
const anchorDelayMs = 24 * 3_600_000;

/** The last record that may have expired, by when it was anchored. */
function expiredThrough(anchored: ChainAnchors | undefined, keptSinceMs: number): number {
  const expired =
    anchored?.anchors.filter(({ time }) => Date.parse(time) - anchorDelayMs < keptSinceMs) ?? [];
  return Math.max(0, ...expired.map(({ sequence }) => sequence));
}
