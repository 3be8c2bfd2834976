import { genesis, openLine, type ReadRecord, readLine } from "../record/record.ts";
import { createMissingRanges } from "./missing-ranges.ts";
import type { Problem, ProblemKind } from "./problem.ts";

/** Where a line stands. */
export interface Place {
  file: string;
  line: number;
}

/** Holds the lines of one chain, in the order of its files, against each other. */
export interface ChainWalk {
  /** The record of the line, where it holds. */
  take(text: string, place: Place): ReadRecord | undefined;
  /** What is missing when all lines were taken. */
  finish(): void;
  /** Number and hash of the highest record, and of the record before the first. */
  readonly head: { sequence: number; hash: string };
  readonly before: { sequence: number; hash: string };
}

export function walkChain(chain: string, report: (problem: Problem) => void): ChainWalk {
  const missing = createMissingRanges();
  let before = genesis;
  let head = genesis;
  let isFirst = true;

  const tell = (kind: ProblemKind, place: Place | undefined, sequence: number | undefined, message: string) =>
    report({ kind, chain, ...place, ...(sequence === undefined ? {} : { sequence }), message });

  /** Records in their order: each goes on from the one before, or leaves a gap. */
  function follow(record: ReadRecord, place: Place): void {
    const { sequence, hash, previousHash } = record;
    if (sequence > head.sequence + 1) missing.add(head.sequence + 1, sequence - 1);
    else if (previousHash !== head.hash && head.hash !== "") {
      const message = `Record ${sequence} does not follow from record ${head.sequence} as it stands: one of them was replaced.`;
      tell("edited", place, sequence, message);
    }
    head = { sequence, hash };
  }

  function startAt(record: ReadRecord): void {
    isFirst = false;
    if (record.sequence === 1) return;
    before = { sequence: record.sequence - 1, hash: record.previousHash };
    head = before;
  }

  function placeBehind(record: ReadRecord, place: Place): void {
    const { sequence } = record;
    if (missing.take(sequence))
      tell("reordered", place, sequence, `Record ${sequence} stands out of its order.`);
    else tell("forked", place, sequence, `Record ${sequence} is there more than once.`);
  }

  return {
    take(text, place) {
      const sound = openLine(text);
      const record = sound ?? readLine(text);
      if (!sound || sound.chain !== chain) {
        const what = record ? `Record ${record.sequence}` : "The line";
        const why = sound ? `is of the chain ${sound.chain}` : "does not fit its hash: it was altered";
        tell("edited", place, record?.sequence, `${what} ${why}.`);
      }
      if (record && isFirst) startAt(record);
      if (!sound || sound.chain !== chain) {
        // Its own word for where it stands is not to be trusted: it stands where the next record should.
        const sequence = head.sequence + 1;
        head = { sequence, hash: record?.sequence === sequence ? record.hash : "" };
        return undefined;
      }
      if (sound.sequence > head.sequence) follow(sound, place);
      else placeBehind(sound, place);
      return sound;
    },
    finish() {
      for (const { from, to } of missing.ranges()) {
        const what = from === to ? `Record ${from} is` : `Records ${from} to ${to} are`;
        tell("deleted", undefined, from, `${what} not there.`);
      }
    },
    get head() {
      return head;
    },
    get before() {
      return before;
    },
  };
}
