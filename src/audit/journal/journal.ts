import type { Head, RecordFields } from "../record/record.ts";
import type { RecordWriter, Written } from "../record-writer.ts";
import { ChainGoneError } from "./chain-writer.ts";
import { markDamaged, type OpenChainOptions, type OpenedChain, openChain } from "./open-chain.ts";
import { createOutage, type Outage } from "./outage.ts";

/** Where this process's own chain stands. */
export interface OwnChain {
  chain: string;
  folder: string;
  /** The last durable record. */
  head: Head;
}

/** The journal of one process: records in the order they are handed over, many of them with one sync. */
export interface Journal extends RecordWriter {
  /** The chain as last written, also when the journal was closed. None before the first record. */
  own(): OwnChain | undefined;
  counts(): JournalCounts;
  /** Calls back when more is durable. */
  onDurable(listener: () => void): void;
  /** Writes what waits, and the record that this process ends. */
  close(): Promise<void>;
}

/** What a journal did since its process began. */
export interface JournalCounts {
  /** Records made durable. */
  appendedRecords: number;
  failedWrites: number;
  droppedRecords: number;
  /** Not durable yet. */
  waitingRecords: number;
  /** Whether it could be written when it was last tried. */
  isWritable: boolean;
}

export type JournalOptions = OpenChainOptions;

interface Waiting {
  fields: RecordFields;
  /** Whether it stays when the journal cannot be written. */
  isKept: boolean;
  written(how: Written): void;
  failed(thrown: unknown): void;
}

const maxBatch = 1_000;
const maxKept = 10_000;
/** More than a disk that works ever has waiting: one that hangs must not take the memory. */
const maxWaiting = 2 * maxKept;

/** Opens nothing before the first record. */
export function createJournal(options: JournalOptions): Journal {
  return new GroupCommit(options);
}

class GroupCommit implements Journal {
  readonly #options: JournalOptions;
  readonly #outage: Outage;
  readonly #listeners: (() => void)[] = [];
  #waiting: Waiting[] = [];
  #opened: OpenedChain | undefined;
  #known: OwnChain | undefined;
  #flushing: Promise<void> | undefined;
  #isClosed = false;
  readonly #counts = { appendedRecords: 0, failedWrites: 0, droppedRecords: 0 };

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#outage = createOutage(options);
  }

  async require(fields: RecordFields): Promise<void> {
    await this.#append(fields, false);
  }

  keep(fields: RecordFields): Promise<Written> {
    return this.#append(fields, true);
  }

  own(): OwnChain | undefined {
    return this.#known;
  }

  counts(): JournalCounts {
    return {
      ...this.#counts,
      waitingRecords: this.#waiting.length,
      isWritable: !this.#outage.fault(),
    };
  }

  onDurable(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const { now, log, dir } = this.#options;
    await this.#flushing;
    if (this.#opened || this.#waiting.length > 0) {
      const closed = this.#append({ kind: "closed", time: new Date(now()).toISOString() }, true);
      // A last try, however short ago the one before was.
      this.#start();
      await closed;
    }
    this.#isClosed = true;
    await this.#flushing;
    this.#outage.stop();
    if (this.#waiting.length > 0) log.error("audit records lost", { dir, records: this.#waiting.length });
    await this.#leaveChain();
  }

  #append(fields: RecordFields, isKept: boolean): Promise<Written> {
    return new Promise((written, failed) => {
      if (this.#isClosed) return failed(new Error("The journal is closed."));
      const fault = this.#outage.fault();
      const isTried = !fault || this.#outage.mayRetry();
      if (fault && !isKept && !isTried) return failed(fault.thrown);
      if (this.#waiting.length >= maxWaiting)
        return failed(new Error(`${maxWaiting} records wait for the journal's disk already.`));
      const one = { fields, isKept, written, failed };
      this.#waiting.push(one);
      if (isTried) this.#start();
      else if (!this.#flushing) this.#hold(one);
    });
  }

  /** Whatever is handed over while a batch is written makes the next. */
  #start(): void {
    // Not at once: the intent and the outcome of a quick call, and of those beside it, then go with one sync.
    this.#flushing ??= new Promise((resolve) => setImmediate(resolve))
      .then(() => this.#flush())
      .finally(() => {
        this.#flushing = undefined;
        // What came after the last look at what waits.
        if (this.#waiting.length > 0 && !this.#outage.fault()) this.#start();
      });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, maxBatch);
      try {
        await this.#write(batch);
      } catch (thrown) {
        this.#waiting = [...batch, ...this.#waiting];
        this.#counts.failedWrites += 1;
        this.#outage.begin(thrown);
        this.#settleBroken(thrown);
        this.#outage.retryLater(() => this.#start());
        return;
      }
      for (const { written } of batch) written("durable");
      for (const listener of this.#listeners) listener();
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    this.#opened ??= await openChain(this.#options);
    const { writer, first } = this.#opened;
    const gap = this.#outage.note();
    const records = [...first, ...(gap ? [gap] : []), ...batch.map(({ fields }) => fields)];
    try {
      await writer.write(records);
    } catch (thrown) {
      if (thrown instanceof ChainGoneError) {
        // Where its folder went too there is nothing left to append to.
        await markDamaged(writer.folder, this.#options.log).catch(() => {});
        await this.#leaveChain();
      }
      throw thrown;
    }
    this.#counts.appendedRecords += records.length;
    this.#opened.first = [];
    this.#known = { chain: writer.chain, folder: writer.folder, head: writer.head };
    this.#outage.end();
  }

  /** Nobody waits while the journal cannot be written: what must be durable fails, the rest is kept. */
  #settleBroken(thrown: unknown): void {
    for (const { isKept, failed } of this.#waiting) if (!isKept) failed(thrown);
    this.#waiting = this.#waiting.filter(({ isKept }) => isKept);
    for (const { written } of this.#waiting) written("held");
    this.#dropOldest();
  }

  #hold({ written }: Waiting): void {
    written("held");
    this.#dropOldest();
  }

  #dropOldest(): void {
    const { length } = this.#waiting.splice(0, Math.max(0, this.#waiting.length - maxKept));
    this.#counts.droppedRecords += length;
    this.#outage.dropped(length);
  }

  async #leaveChain(): Promise<void> {
    const { writer, release } = this.#opened ?? {};
    this.#opened = undefined;
    await writer?.close().catch(() => {});
    await release?.().catch(() => {});
  }
}
