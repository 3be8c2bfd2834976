import { setTimeout as wait } from "node:timers/promises";
import { type Children, cpuMs } from "../children.ts";
import { createLoad, type Load } from "../load/load.ts";
import type { LoadResult } from "../load/main.ts";
import type { Section } from "../report.ts";
import { median } from "../stats.ts";
import { type GuardedServer, startServers } from "./servers.ts";

export interface GuardOptions {
  children: Children;
  programAt: (name: string) => string;
  /** The built product. */
  product: string;
  rounds: number;
  durationMs: number;
  say(text: string): void;
}

interface Turn extends LoadResult {
  /** Processor time of the server. */
  cpuMsPerRequest: number;
  /** From the end of the load until the database had every record; 0 where none is relayed. */
  lagS: number;
}

const concurrency = 16;
const mostCost = 0.25;
const mostLagS = 3;
/** Records are relayed some hundred milliseconds after their call: by then the relay is at work as it is from then on. */
const leadInMs = 2_000;

/** Requests per second of the built server with and without its guards, one loaded at a time, in turns. */
export async function measureGuard(options: GuardOptions): Promise<Section> {
  const { children, programAt, product, rounds, say } = options;
  const started = await startServers(children, programAt, product);
  try {
    const load = createLoad(children.start(programAt("load")));
    const turns = new Map(started.servers.map(({ name }): [string, Turn[]] => [name, []]));
    // Round 0 warms up and does not count. Every round begins with the next server, so that none is always first.
    for (let round = 0; round <= rounds; round++) {
      say(`guards, round ${round} of ${rounds}`);
      const first = round % started.servers.length;
      for (const server of [...started.servers.slice(first), ...started.servers.slice(0, first)]) {
        const turn = await measureTurn(load, server, options.durationMs);
        if (round > 0) turns.get(server.name)?.push(turn);
      }
    }
    return sectionOf(turns, options);
  } finally {
    await started.close();
  }
}

async function measureTurn(load: Load, server: GuardedServer, durationMs: number): Promise<Turn> {
  const { port, callers, child, relayedRecords } = server;
  const asked = { operation: "sources", era: "2026-07-28", toolCount: 0 } as const;
  const recordsBefore = (await relayedRecords?.()) ?? 0;
  const beforeMs = await cpuMs(child);
  const result = await load.measure({ ...asked, port, callers, concurrency, leadInMs, durationMs });
  const records = recordsBefore + result.answered;
  const lagS = relayedRecords ? await lagSeconds(relayedRecords, records) : 0;
  return { ...result, lagS, cpuMsPerRequest: ((await cpuMs(child)) - beforeMs) / result.answered };
}

/** Until the database has so many records. Throws where it has more, or never comes to have them. */
async function lagSeconds(relayedRecords: () => Promise<number>, expected: number): Promise<number> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < 60_000) {
    const count = await relayedRecords();
    if (count > expected) throw new Error(`The database has ${count} records of ${expected}.`);
    if (count === expected) return (performance.now() - startedMs) / 1_000;
    await wait(50);
  }
  throw new Error("The relay to PostgreSQL does not catch up.");
}

function sectionOf(turns: ReadonlyMap<string, Turn[]>, { rounds, durationMs }: GuardOptions): Section {
  const [[, bare] = ["", []]] = turns;
  const cost = (guarded: readonly Turn[], read: (turn: Turn) => number) =>
    median(guarded.map((turn, round) => read(turn) / read(bare[round] ?? turn)));
  const costs = [...turns].map(([name, of]) => ({
    name,
    of,
    less: 1 - cost(of, ({ perSecond }) => perSecond),
    cpu: cost(of, ({ cpuMsPerRequest }) => cpuMsPerRequest) - 1,
    lagS: Math.max(...of.map(({ lagS }) => lagS)),
  }));
  return {
    title: "What the guards cost",
    about:
      `tools/call of lake_list_sources over HTTP, ${concurrency} at once; the built server and the load each in a process of their own, ` +
      `medians of ${rounds} rounds of ${durationMs / 1_000} s, the servers in turns; costs are medians of each round's own ratio. ` +
      "Callers are 100 principals of 100 tenants with RS256 tokens. Every call is counted by the limits, which are too high to refuse any, and " +
      "with the journal makes a record that is synced to disk before the answer. " +
      `Every round begins with ${leadInMs / 1_000} s of load that do not count, so that the relay is at work in all that counts. ` +
      "CPU is the server's until every record is in the table; the table is behind for as long as it takes, after the load, to have " +
      "exactly one record for each answer (the longest of the rounds). Server, load and PostgreSQL (as its initdb sets it, fsync on) share the machine.",
    columns: ["", "per second", "p50", "p99", "CPU", "fewer per second", "more CPU", "table behind"],
    rows: costs.map(({ name, of, less, cpu, lagS }) => [
      name,
      Math.round(median(of.map(({ perSecond }) => perSecond))).toLocaleString("en-US"),
      `${median(of.map(({ p50Ms }) => p50Ms)).toFixed(1)} ms`,
      `${median(of.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms`,
      `${median(of.map(({ cpuMsPerRequest }) => cpuMsPerRequest)).toFixed(2)} ms`,
      percent(less),
      percent(cpu),
      lagS === 0 ? "" : `${lagS.toFixed(1)} s`,
    ]),
    goals: [
      ...costs.slice(-2).map(({ name, less }) => ({
        text: `${name}: ${percent(less)} fewer requests a second than with no guard (at most ${percent(mostCost)})`,
        met: less <= mostCost,
      })),
      ...costs.slice(-1).map(({ lagS }) => ({
        text: `PostgreSQL had every record ${lagS.toFixed(1)} s after the load (at most ${mostLagS} s)`,
        met: lagS <= mostLagS,
      })),
    ],
  };
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}
