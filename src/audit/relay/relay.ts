import { setTimeout as wait } from "node:timers/promises";
import type { Log } from "../../telemetry/log.ts";
import { keepPosition, readPosition } from "./position.ts";
import { readBatch } from "./read-batch.ts";
import type { Sink } from "./sink.ts";
import { createSinkAlarm } from "./sink-alarm.ts";

/** A chain to be relayed. */
export interface RelayedChain {
  folder: string;
  /** The last record that may be relayed. */
  through: number;
}

/** Brings the records of the journal to one sink. */
export interface Relay {
  sink: string;
  /** There is more to send: it goes with what is gathered until the next look. */
  wake(): void;
  /** Of the last look, so without what is gathered since: records of its chains that the sink does not have yet. */
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
/** How long records are gathered: a look and a send cost the same for one record as for hundreds. */
const gatherMs = 500;
const firstBackoffMs = 100;
const maxBackoffMs = 5_000;

/** A failed send is tried again after a random time that grows to 5 seconds, from the position kept: nothing is lost. */
export function createRelay(options: RelayOptions): Relay {
  const { sink, log, random } = options;
  const stopping = new AbortController();
  const backlogs = new Map<string, number>();
  const alarm = createSinkAlarm(sink.name, log, Date.now);
  let waking = new AbortController();

  async function pass(): Promise<boolean> {
    try {
      for (const chain of await options.chains(sink.takesAll)) await relayChain(sink, chain, backlogs);
      alarm.worked();
      return true;
    } catch (error) {
      alarm.failed(error, sumOf(backlogs));
      return false;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      waking = new AbortController();
      if (await pass()) {
        await pause(lookEveryMs, AbortSignal.any([stopping.signal, waking.signal]));
        await pause(gatherMs, stopping.signal);
      }
      // While the sink is down more records are no reason to try sooner.
      else await pause(random() * backoffMs(alarm.failures()), stopping.signal);
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
      await Promise.race([running.then(pass), pause(withinMs, enough.signal)]);
      enough.abort();
      await sink.close();
    },
  };
}

/** Sends what a sink does not have of a chain, batch by batch. */
async function relayChain(sink: Sink, chain: RelayedChain, backlogs: Map<string, number>): Promise<void> {
  const { folder, through } = chain;
  let position = await readPosition(folder, sink.name);
  for (;;) {
    backlogs.set(folder, Math.max(0, through - position.sequence));
    if (position.sequence >= through) return;
    const { records, next } = await readBatch(folder, position, through);
    if (records.length > 0) await sink.send(records);
    if (next.endByte === position.endByte && next.segment === position.segment) return;
    await keepPosition(folder, sink.name, next);
    position = next;
  }
}

function backoffMs(failures: number): number {
  return Math.min(maxBackoffMs, firstBackoffMs * 2 ** failures);
}

/** Ends early when the signal says so. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => {});
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
