import type { Log } from "../../telemetry/log.ts";
import { type AnchorAlarm, createAnchorAlarm } from "../anchors/anchor-alarm.ts";
import type { AnchorStore } from "../anchors/anchors.ts";
import { atMost } from "../pause.ts";
import type { Head } from "../record/record.ts";

/** Anchors the heads of the chains that a process has in a table. Never fails a call: it logs what goes wrong. */
export interface TableAnchoring {
  /** The chain goes as far as this in the table. */
  reached(chain: string, head: Head): void;
  /** Resolves when what is due is anchored, or after that time, or when the store was waited for long enough. */
  settled(withinMs: number): Promise<void>;
  /** Anchors every head, if the store answers soon. */
  close(): Promise<void>;
}

export interface TableAnchoringOptions {
  store: AnchorStore;
  /** Heads are anchored no more often than that, but for the first of a chain. Milliseconds. */
  everyMs: number;
  log: Log;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A store that fails is left alone for so long, whatever `everyMs` is. */
const retryMs = 10_000;
/** What the answers of calls wait for one attempt at most, all of them together. */
const longestWaitMs = 1_000;

interface Reached {
  head: Head;
  /** Number of the last record that is anchored. */
  anchored: number;
}

export function createTableAnchoring(options: TableAnchoringOptions): TableAnchoring {
  return new ChainsAnchoring(options);
}

/**
 * An interval alone would anchor nothing where the process is frozen between calls: what is due is begun when a record
 * comes, so that it can be waited for before the answer. The timer is for processes that go on, or are thawed.
 */
class ChainsAnchoring implements TableAnchoring {
  readonly #options: TableAnchoringOptions;
  readonly #alarm: AnchorAlarm;
  readonly #chains = new Map<string, Reached>();
  #beganMs = Number.NEGATIVE_INFINITY;
  #working: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: TableAnchoringOptions) {
    this.#options = options;
    this.#alarm = createAnchorAlarm(options.log, options.store.place);
  }

  reached(chain: string, head: Head): void {
    const known = this.#chains.get(chain);
    if (known) known.head = head;
    else this.#chains.set(chain, { head, anchored: 0 });
    this.#look();
  }

  async settled(withinMs: number): Promise<void> {
    const { now } = this.#options;
    const endMs = now() + withinMs;
    for (;;) {
      const leftMs = Math.min(endMs, this.#beganMs + longestWaitMs) - now();
      if (!this.#working || leftMs <= 0) return;
      await atMost(leftMs, this.#working);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    const working = this.#working ?? Promise.resolve();
    await this.#alarm.ended(working.then(() => this.#anchorAll()));
  }

  /** Begins what is due, or has a look when it will be. */
  #look(): void {
    const waiting = this.#waiting();
    if (this.#working || this.#isClosed || waiting.length === 0) return;
    const { everyMs, now } = this.#options;
    const hasFailed = this.#alarm.hasFailed();
    const leftMs = this.#beganMs + (hasFailed ? Math.max(everyMs, retryMs) : everyMs) - now();
    // Of a chain that was never anchored nobody could tell that it is gone.
    const isNew = !hasFailed && waiting.some(([, { anchored }]) => anchored === 0);
    if (leftMs > 0 && !isNew) {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#look();
      }, leftMs).unref();
      return;
    }
    this.#beganMs = now();
    this.#working = this.#anchorAll().finally(() => {
      this.#working = undefined;
      this.#look();
    });
  }

  #waiting(): [string, Reached][] {
    return [...this.#chains].filter(([, { head, anchored }]) => head.sequence > anchored);
  }

  async #anchorAll(): Promise<void> {
    const { store, now } = this.#options;
    const writes = this.#waiting().map(async ([chain, reached]) => {
      const { sequence, hash } = reached.head;
      await store.write({ chain, sequence, hash, time: new Date(now()).toISOString() });
      reached.anchored = sequence;
    });
    const failed = (await Promise.allSettled(writes)).find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") this.#alarm.failed(failed.reason);
    else this.#alarm.worked();
  }
}
