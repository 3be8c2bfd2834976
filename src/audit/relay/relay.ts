import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../telemetry/log.ts";
import { keepPosition, readPosition } from "./position.ts";
import { readBatch } from "./read-batch.ts";
import type { Sink } from "./sink.ts";

/** A chain to be relayed. */
export interface RelayedChain {
  folder: string;
  /** The last record that may be relayed. */
  through: number;
}

/** Brings the records of the journal to one sink. */
export interface Relay {
  sink: string;
  /** Looks for more at once. */
  wake(): void;
  /** Records of the chains of the last look that the sink does not have yet. */
  backlogRecords(): number;
  /** Sends what there is, for as long as it may take, and ends. */
  close(withinMs: number): Promise<void>;
}

export interface RelayOptions {
  sink: Sink;
  /** The chains to relay now: this process's own, and those nobody writes to. */
  chains(takesAll: boolean): Promise<RelayedChain[]>;
  log: Log;
  /** From 0 to 1, below 1. */
  random(): number;
}

/** Nothing wakes a relay for records of other processes. */
const lookEveryMs = 15_000;
const firstBackoffMs = 100;
const maxBackoffMs = 5_000;

/** A failed send is tried again after a random time that grows to 5 seconds, from the position kept: nothing is lost. */
export function createRelay({ sink, chains, log, random }: RelayOptions): Relay {
  const stopping = new AbortController();
  const backlogs = new Map<string, number>();
  let waking = new AbortController();
  let failures = 0;

  async function relayChain({ folder, through }: RelayedChain): Promise<void> {
    let position = await readPosition(folder, sink.name);
    for (;;) {
      backlogs.set(folder, Math.max(0, through - position.sequence));
      if (position.sequence >= through) return;
      const { records, next } = await readBatch(folder, position, through);
      if (records.length > 0) await sink.send(records);
      if (next.endByte === position.endByte && next.segment === position.segment) return;
      await keepPosition(folder, sink.name, next);
      position = next;
      if (failures > 0) log.warn("audit sink takes records again", { sink: sink.name });
      failures = 0;
    }
  }

  async function pass(): Promise<boolean> {
    try {
      for (const chain of await chains(sink.takesAll)) await relayChain(chain);
      return true;
    } catch (error) {
      if (failures === 0)
        log.error("audit sink fails", { sink: sink.name, backlogRecords: sumOf(backlogs), error });
      failures++;
      return false;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      waking = new AbortController();
      const isGood = await pass();
      const most = Math.min(maxBackoffMs, firstBackoffMs * 2 ** failures);
      // While the sink is down more records are no reason to try sooner.
      const signal = isGood ? AbortSignal.any([stopping.signal, waking.signal]) : stopping.signal;
      await wait(isGood ? lookEveryMs : random() * most, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  const running = run();
  return {
    sink: sink.name,
    wake: () => waking.abort(),
    backlogRecords: () => sumOf(backlogs),
    async close(withinMs) {
      stopping.abort();
      const enough = new AbortController();
      const last = running.then(pass);
      await Promise.race([last, wait(withinMs, undefined, { signal: enough.signal }).catch(() => {})]);
      enough.abort();
      await sink.close();
    },
  };
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
