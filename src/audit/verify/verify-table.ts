import { openLine, type ReadRecord, readLine } from "../record/record.ts";
import { itemPrefix, type TableRow } from "../table/audit-table.ts";
import { numberOf, partitionOf } from "../table/table-chain.ts";
import type { Problem } from "./problem.ts";
import type { VerifiedChain } from "./verify-journal.ts";

export interface TableVerdict {
  chains: Omit<VerifiedChain, "files" | "anchoredThrough">[];
  problems: Problem[];
  notes: string[];
}

/** As much of a record as its chain is held by. */
type Link = Pick<ReadRecord, "sequence" | "hash" | "previousHash" | "time"> & { since: string; at: string };

/**
 * Holds every chain in a table against itself. Of records before `keptSinceMs` some may have expired, in any order. Takes
 * some 300 bytes of memory a record.
 */
export async function verifyTable(rows: AsyncIterable<TableRow>, keptSinceMs: number): Promise<TableVerdict> {
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
  for (const [chain, links] of chains) verifyLinks(chain, links, { keptSinceMs, bad, verdict });
  verdict.notes.push("An end of a chain that was deleted as a whole cannot be seen: a table has no anchors.");
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

function verifyLinks(chain: string, links: Link[], { keptSinceMs, bad, verdict }: Held): void {
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
  verdict.chains.push({
    chain,
    records: links.length,
    firstSequence: first.sequence,
    lastSequence: before.sequence,
    hash: before.hash,
  });
}
