import { genesis, type Head, openLine, type ReadRecord, readLine } from "../record/record.ts";
import { createMissingRanges } from "./missing-ranges.ts";
import type { Problem, ProblemKind } from "./problem.ts";

/** Where a line stands. */
export interface Place {
  file: string;
  line: number;
}

/** Holds the lines of one chain, in the order of its files, against each other. */
export class ChainWalk {
  /** The record before the first one. */
  before: Head = genesis;
  /** The highest record; its hash is empty where the line could not be read. */
  head: Head = genesis;
  readonly #chain: string;
  readonly #firstSequence: number;
  readonly #report: (problem: Problem) => void;
  readonly #missing = createMissingRanges();
  #isFirst = true;

  /** `firstSequence` is what the first file is named by. */
  constructor(chain: string, firstSequence: number, report: (problem: Problem) => void) {
    this.#chain = chain;
    this.#firstSequence = firstSequence;
    this.#report = report;
  }

  /** The record of the line, where it holds. */
  take(text: string, place: Place): ReadRecord | undefined {
    const sound = openLine(text);
    const record = sound ?? readLine(text);
    if (record && this.#isFirst) this.#startAt(record);
    if (!sound || sound.chain !== this.#chain) {
      this.#tellEdited(sound, record, place);
      // Its own word for where it stands is not to be trusted: it stands where the next record should.
      const sequence = this.head.sequence + 1;
      this.head = { sequence, hash: record?.sequence === sequence ? record.hash : "" };
      return undefined;
    }
    if (sound.sequence > this.head.sequence) this.#follow(sound, place);
    else this.#placeBehind(sound, place);
    return sound;
  }

  /** Tells what is missing when all lines were taken. */
  finish(): void {
    for (const { from, to } of this.#missing.ranges()) {
      const what = from === to ? `Record ${from} is` : `Records ${from} to ${to} are`;
      this.#tell("deleted", undefined, from, `${what} not there.`);
    }
  }

  #startAt({ sequence, previousHash }: ReadRecord): void {
    this.#isFirst = false;
    // Files expire whole: a first record that its file is not named by stands out of its order, or others before it are gone.
    const first = Math.min(sequence, this.#firstSequence);
    if (first <= 1) return;
    this.before = { sequence: first - 1, hash: first === sequence ? previousHash : "" };
    this.head = this.before;
  }

  /** Records in their order: each goes on from the one before, or leaves a gap. */
  #follow({ sequence, hash, previousHash }: ReadRecord, place: Place): void {
    const { head } = this;
    if (sequence > head.sequence + 1) this.#missing.add(head.sequence + 1, sequence - 1);
    else if (previousHash !== head.hash && head.hash !== "") {
      const message = `Record ${sequence} does not follow from record ${head.sequence} as it stands: one of them was replaced.`;
      this.#tell("edited", place, sequence, message);
    }
    this.head = { sequence, hash };
  }

  #placeBehind({ sequence }: ReadRecord, place: Place): void {
    const isLate = this.#missing.take(sequence);
    const what = isLate ? "stands out of its order" : "is there more than once";
    this.#tell(isLate ? "reordered" : "forked", place, sequence, `Record ${sequence} ${what}.`);
  }

  #tellEdited(sound: ReadRecord | undefined, record: ReadRecord | undefined, place: Place): void {
    const what = record ? `Record ${record.sequence}` : "The line";
    const why = sound ? `is of the chain ${sound.chain}` : "does not fit its hash: it was altered";
    this.#tell("edited", place, record?.sequence, `${what} ${why}.`);
  }

  #tell(kind: ProblemKind, place: Place | undefined, sequence: number | undefined, message: string): void {
    const where = sequence === undefined ? {} : { sequence };
    this.#report({ kind, chain: this.#chain, ...place, ...where, message });
  }
}
