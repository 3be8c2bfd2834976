import { join } from "node:path";
import { listChains, listSegments } from "../journal/segments.ts";
import { openLine, type ReadRecord } from "../record/record.ts";
import { readLines } from "./read-lines.ts";

/** A record as it lies in the journal. */
export interface JournalLine {
  record: ReadRecord;
  line: string;
}

/**
 * Every record of a journal, of all its chains, in the order of their times. `onBad` hears of lines that are no sound
 * record, by file.
 */
export async function* readJournal(dir: string, onBad: (path: string) => void): AsyncGenerator<JournalLine> {
  const chains = (await listChains(dir)).map((chain) => readChain(join(dir, chain), onBad));
  const heads = await Promise.all(chains.map(async (chain) => ({ chain, next: await chain.next() })));
  for (;;) {
    const first = heads
      .filter(({ next }) => !next.done)
      .reduce<(typeof heads)[number] | undefined>(
        (least, head) => (isSooner(head, least) ? head : least),
        undefined,
      );
    if (!first || first.next.done) return;
    yield first.next.value;
    first.next = await first.chain.next();
  }
}

interface HeadOfChain {
  next: IteratorResult<JournalLine>;
}

function isSooner({ next }: HeadOfChain, than: HeadOfChain | undefined): boolean {
  if (!than || than.next.done || next.done) return true;
  return next.value.record.time < than.next.value.record.time;
}

async function* readChain(folder: string, onBad: (path: string) => void): AsyncGenerator<JournalLine> {
  for (const { path } of await listSegments(folder)) {
    for await (const { text, isWhole } of readLines(path)) {
      const record = isWhole ? openLine(text) : undefined;
      if (record) yield { record, line: text };
      else if (isWhole) onBad(path);
    }
  }
}
