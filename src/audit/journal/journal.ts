import type { Log } from "../../telemetry/log.ts";
import type { Head, RecordFields } from "../record/record.ts";
import { ChainGoneError } from "./chain-writer.ts";
import { type OpenChainOptions, type OpenedChain, openChain } from "./open-chain.ts";
import { createOutage } from "./outage.ts";

/** `durable`: outlasts a crash. `held`: the journal cannot be written now; kept in memory until it can. */
export type Written = "durable" | "held";

/** Where this process's own chain stands. */
export interface OwnChain {
  chain: string;
  folder: string;
  /** The last durable record. */
  head: Head;
}

/** The journal of one process: records in the order they are handed over, many of them with one sync. */
export interface Journal {
  /** Throws where the record cannot be made durable now. Resolves when it is. */
  require(fields: RecordFields): Promise<void>;
  /** Keeps the record in memory where it cannot be made durable now. Throws where there is no room for that. */
  keep(fields: RecordFields): Promise<Written>;
  /** The chain as last written, also when the journal was closed. None before the first record. */
  own(): OwnChain | undefined;
  /** Records that are not durable yet. */
  waitingCount(): number;
  /** Calls back when more is durable. */
  onDurable(listener: () => void): void;
  /** Writes what waits, and the record that this process ends. */
  close(): Promise<void>;
}

export interface JournalOptions extends OpenChainOptions {
  log: Log;
}

interface Waiting {
  fields: RecordFields;
  /** Whether it stays when the journal cannot be written. */
  isKept: boolean;
  written(how: Written): void;
  failed(thrown: unknown): void;
}

const maxBatch = 1_000;
const maxKept = 10_000;

export function createJournal(options: JournalOptions): Journal {
  const { log, now, dir } = options;
  const outage = createOutage({ log, now, dir });
  const listeners: (() => void)[] = [];
  let waiting: Waiting[] = [];
  let opened: OpenedChain | undefined;
  let known: OwnChain | undefined;
  let flushing: Promise<void> | undefined;
  let isClosed = false;

  async function writeBatch(batch: readonly Waiting[]): Promise<void> {
    opened ??= await openChain(options);
    const gap = outage.note();
    try {
      await opened.writer.write([
        ...opened.first,
        ...(gap ? [gap] : []),
        ...batch.map(({ fields }) => fields),
      ]);
    } catch (thrown) {
      if (thrown instanceof ChainGoneError) await abandon();
      throw thrown;
    }
    opened.first = [];
    const { chain, folder, head } = opened.writer;
    known = { chain, folder, head };
    outage.end();
  }

  async function abandon(): Promise<void> {
    const { writer, release } = opened ?? {};
    opened = undefined;
    await writer?.close().catch(() => {});
    await release?.().catch(() => {});
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatch);
      try {
        await writeBatch(batch);
      } catch (thrown) {
        waiting = [...batch, ...waiting];
        outage.begin(thrown);
        settleBroken(thrown);
        outage.retryLater(start);
        return;
      }
      for (const { written } of batch) written("durable");
      for (const listener of listeners) listener();
    }
  }

  /** Nobody waits while the journal cannot be written: what must be durable fails, the rest is kept. */
  function settleBroken(thrown: unknown): void {
    for (const one of waiting) {
      if (one.isKept) one.written("held");
      else one.failed(thrown);
    }
    const kept = waiting.filter(({ isKept }) => isKept);
    waiting = kept.slice(-maxKept);
    outage.dropped(kept.length - waiting.length);
  }

  function start(): void {
    flushing ??= Promise.resolve()
      .then(flush)
      .finally(() => {
        flushing = undefined;
        // What came after the last look at what waits.
        if (waiting.length > 0 && !outage.fault()) start();
      });
  }

  function hold({ written }: Waiting): void {
    written("held");
    if (waiting.length <= maxKept) return;
    waiting.shift();
    outage.dropped(1);
  }

  function append(fields: RecordFields, isKept: boolean): Promise<Written> {
    return new Promise((written, failed) => {
      if (isClosed) return failed(new Error("The journal is closed."));
      const fault = outage.fault();
      if (fault && !isKept && !outage.mayRetry()) return failed(fault.thrown);
      const one = { fields, isKept, written, failed };
      waiting.push(one);
      if (!fault || outage.mayRetry()) start();
      else if (!flushing) hold(one);
    });
  }

  return {
    async require(fields) {
      await append(fields, false);
    },
    keep: (fields) => append(fields, true),
    own: () => known,
    waitingCount: () => waiting.length,
    onDurable: (listener) => void listeners.push(listener),
    async close() {
      if (isClosed) return;
      await flushing;
      if (opened || waiting.length > 0) {
        const closed = append({ kind: "closed", time: new Date(now()).toISOString() }, true);
        start();
        await closed;
      }
      isClosed = true;
      await flushing;
      outage.stop();
      if (waiting.length > 0) log.error("audit records lost", { dir, records: waiting.length });
      await abandon();
    },
  };
}
