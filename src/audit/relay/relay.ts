import type { Log } from "../../telemetry/log.ts";
import { atMost } from "../pause.ts";
import { type Backlog, type ChainAtSink, measureBacklog } from "./backlog.ts";
import { createPace } from "./pace.ts";
import { keepPosition, type Position, readPosition } from "./position.ts";
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
  /** Resolves when all there is now was sent, or could not be sent, or after that time. */
  flush(withinMs: number): Promise<void>;
  /** What the sink does not have yet: of the own chain as it is now, of others as they were at the last look. */
  backlog(): Promise<Backlog>;
  /** Failed attempts since the process began. */
  failures(): number;
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
  /** Milliseconds since the epoch. */
  now(): number;
}

const closeSinkMs = 1_000;

/** A failed send is tried again after a random time that grows to 5 seconds, from the position kept: nothing is lost. */
export function createRelay(options: RelayOptions): Relay {
  const { sink, log, random, now } = options;
  const stopping = new AbortController();
  const known = new Map<string, ChainAtSink>();
  const alarm = createSinkAlarm(sink.name, log, now);
  const pace = createPace(stopping.signal, random);

  async function pass(): Promise<boolean> {
    try {
      const chains = await lookAt(options, sink.takesAll);
      known.clear();
      for (const chain of chains) known.set(chain.folder, chain);
      for (const chain of chains)
        await relayChain(sink, chain, (position) => known.set(chain.folder, { ...chain, position }));
      alarm.worked();
      return true;
    } catch (error) {
      alarm.failed(error, recordsOf(known));
      return false;
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const ended = pace.begin();
      const hasAll = await pass();
      ended();
      if (hasAll) await pace.restAfterAll();
      else await pace.restAfterFailure(alarm.failures());
    }
  }

  const running = run();
  return {
    sink: sink.name,
    wake: pace.wake,
    flush: (withinMs) => atMost(withinMs, pace.hurry()),
    async backlog() {
      for (const own of await lookAt(options, false)) known.set(own.folder, own);
      return measureBacklog(known.values(), now());
    },
    failures: alarm.allFailures,
    async close(withinMs) {
      stopping.abort();
      await atMost(withinMs, running.then(pass));
      // A connection whose other side is gone may take minutes to end.
      await atMost(closeSinkMs, sink.close());
    },
  };
}

/** The chains with their positions, all of them before any is sent: a sink that is down lacks them all. */
async function lookAt({ sink, chains }: RelayOptions, takesAll: boolean): Promise<ChainAtSink[]> {
  const looked = (await chains(takesAll)).map(async ({ folder, through }) => {
    // Of another process's chain the position may have been moved by a third: the file is right.
    const position = await readPosition(folder, sink.name);
    return { folder, position, through };
  });
  return Promise.all(looked);
}

/** Sends what a sink does not have of a chain, batch by batch. */
async function relayChain(
  sink: Sink,
  { folder, through, position }: ChainAtSink,
  kept: (position: Position) => void,
): Promise<void> {
  let at = position;
  while (at.sequence < through) {
    const { records, next } = await readBatch(folder, at, through);
    if (records.length > 0) await sink.send(records);
    if (next.endByte === at.endByte && next.segment === at.segment) return;
    await keepPosition(folder, sink.name, next);
    kept(next);
    at = next;
  }
}

function recordsOf(chains: ReadonlyMap<string, ChainAtSink>): number {
  return [...chains.values()].reduce((sum, { through, position }) => sum + through - position.sequence, 0);
}
