import { setTimeout as wait } from "node:timers/promises";
import { type Children, cpuMs } from "../children.ts";
import { createLoad, type Load } from "../load/load.ts";
import type { LoadResult } from "../load/main.ts";
import type { Section } from "../report.ts";
import { median } from "../stats.ts";
import { type GuardedServer, type GuardedServers, startServers } from "./servers.ts";

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
}

const concurrency = 16;
const mostCost = 0.25;

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
    return sectionOf(turns, await lagSeconds(started), options);
  } finally {
    await started.close();
  }
}

async function measureTurn(load: Load, server: GuardedServer, durationMs: number): Promise<Turn> {
  const { port, callers, child } = server;
  const asked = { operation: "sources", era: "2026-07-28", toolCount: 0 } as const;
  const beforeMs = await cpuMs(child);
  const result = await load.measure({ ...asked, port, callers, concurrency, durationMs });
  return { ...result, cpuMsPerRequest: ((await cpuMs(child)) - beforeMs) / result.requests };
}

/** Until the database has what the last turn wrote. Throws where it never comes to rest. */
async function lagSeconds({ relayedRecords }: GuardedServers): Promise<number> {
  const startedMs = performance.now();
  let atRestMs = startedMs;
  for (let last = -1; performance.now() - startedMs < 60_000; await wait(250)) {
    const count = await relayedRecords();
    if (count === last && performance.now() - atRestMs > 1_000) return (atRestMs - startedMs) / 1_000;
    if (count !== last) atRestMs = performance.now();
    last = count;
  }
  throw new Error("The relay to PostgreSQL does not catch up.");
}

function sectionOf(
  turns: ReadonlyMap<string, Turn[]>,
  lagS: number,
  { rounds, durationMs }: GuardOptions,
): Section {
  const [[, bare] = ["", []]] = turns;
  const cost = (guarded: readonly Turn[], read: (turn: Turn) => number) =>
    median(guarded.map((turn, round) => read(turn) / read(bare[round] ?? turn)));
  const costs = [...turns].map(([name, of]) => ({
    name,
    of,
    less: 1 - cost(of, ({ perSecond }) => perSecond),
    cpu: cost(of, ({ cpuMsPerRequest }) => cpuMsPerRequest) - 1,
  }));
  return {
    title: "What the guards cost",
    about:
      `tools/call of lake_list_sources over HTTP, ${concurrency} at once; the built server and the load each in a process of their own, ` +
      `medians of ${rounds} rounds of ${durationMs / 1_000} s, the servers in turns; costs are medians of each round's own ratio. ` +
      "Callers are 100 principals of 100 tenants with RS256 tokens. Every call is counted by the limits, which are too high to refuse any, and " +
      "with the journal makes two records, the second of them synced to disk before the answer.",
    columns: ["", "per second", "p50", "p99", "CPU", "fewer per second", "more CPU"],
    rows: costs.map(({ name, of, less, cpu }) => [
      name,
      Math.round(median(of.map(({ perSecond }) => perSecond))).toLocaleString("en-US"),
      `${median(of.map(({ p50Ms }) => p50Ms)).toFixed(1)} ms`,
      `${median(of.map(({ p99Ms }) => p99Ms)).toFixed(1)} ms`,
      `${median(of.map(({ cpuMsPerRequest }) => cpuMsPerRequest)).toFixed(2)} ms`,
      percent(less),
      percent(cpu),
    ]),
    goals: [
      ...costs.slice(-2).map(({ name, less }) => ({
        text: `${name}: ${percent(less)} fewer requests a second than with no guard (at most ${percent(mostCost)})`,
        met: less <= mostCost,
      })),
      { text: `PostgreSQL had the last of the records ${lagS.toFixed(1)} s after the load`, met: lagS < 30 },
    ],
  };
}

function percent(part: number): string {
  return `${Math.round(100 * part)} %`;
}
