import { type Children, cpuMs, firstJsonLine } from "./children.ts";
import { createLoad, type Load } from "./load/load.ts";
import type { LoadResult } from "./load/main.ts";
import type { Era, Operation } from "./load/message.ts";
import { type Section, times } from "./report.ts";
import type { Announcement } from "./servers/announce.ts";
import { median } from "./stats.ts";

export interface ThroughputOptions {
  children: Children;
  programAt: (name: string) => string;
  rounds: number;
  durationMs: number;
  say(text: string): void;
}

interface Contender {
  name: string;
  program: string;
  era: Era;
}

const contenders: readonly Contender[] = [
  { name: "Sluice", program: "sluice-http", era: "2026-07-28" },
  { name: "SDK", program: "sdk-http", era: "2026-07-28" },
  { name: "fastmcp", program: "fastmcp-http", era: "2025-11-25" },
];

interface Case {
  tools: "lake" | "many";
  operation: Operation;
  concurrency: number;
}

/** Least number of tools to register. The lake and the trivial tool are there anyway. */
const atLeast = { lake: 0, many: 60 };
const cases: readonly Case[] = [
  ...[1, 16, 100].map((concurrency): Case => ({ tools: "lake", operation: "list", concurrency })),
  ...[1, 16, 100].map((concurrency): Case => ({ tools: "lake", operation: "call", concurrency })),
  { tools: "many", operation: "list", concurrency: 16 },
  { tools: "many", operation: "call", concurrency: 16 },
];

/** Requests per second over HTTP, one server loaded at a time, in turns. */
export async function measureThroughput(options: ThroughputOptions): Promise<Section> {
  const load = createLoad(options.children.start(options.programAt("load")));
  const rows: Measured[] = [];
  for (const tools of ["lake", "many"] as const) {
    const servers = await startServers(options, atLeast[tools]);
    for (const one of cases.filter((candidate) => candidate.tools === tools)) {
      options.say(`${tools} tools, ${one.operation}, ${one.concurrency} at once`);
      rows.push(await measureCase(options, load, servers, one));
    }
    for (const { child } of servers) await options.children.stop(child);
  }
  return sectionOf(rows, options);
}

type Server = Awaited<ReturnType<typeof startServers>>[number];

async function startServers({ children, programAt }: ThroughputOptions, toolCount: number) {
  const started = contenders.map(async (contender) => {
    const child = children.start(programAt(contender.program), [String(toolCount)], { channel: true });
    return { ...contender, ...((await firstJsonLine(child)) as Announcement), child };
  });
  return Promise.all(started);
}

interface Measured extends Case {
  toolCount: number;
  /** Results round by round, by contender's name. */
  rounds: Record<string, Turn[]>;
}

interface Turn extends LoadResult {
  /** Processor time of the server. */
  cpuMsPerRequest: number;
}

async function measureCase(
  { rounds, durationMs }: ThroughputOptions,
  load: Load,
  servers: readonly Server[],
  one: Case,
): Promise<Measured> {
  const results: Record<string, Turn[]> = {};
  // Round 0 warms up and does not count. Every round begins with the next server, so that none is always first.
  for (let round = 0; round <= rounds; round++) {
    const first = round % servers.length;
    for (const { name, port, era, toolCount, child } of [
      ...servers.slice(first),
      ...servers.slice(0, first),
    ]) {
      const beforeMs = await cpuMs(child);
      const result = await load.measure({ ...one, port, era, toolCount, durationMs });
      const cpuMsPerRequest = ((await cpuMs(child)) - beforeMs) / result.answered;
      if (round > 0) results[name] = [...(results[name] ?? []), { ...result, cpuMsPerRequest }];
    }
  }
  return { ...one, toolCount: servers[0]?.toolCount ?? 0, rounds: results };
}

function middle({ rounds }: Measured, name: string, read: (turn: Turn) => number): number {
  return median((rounds[name] ?? []).map(read));
}

function sectionOf(rows: readonly Measured[], { rounds, durationMs }: ThroughputOptions): Section {
  return {
    title: "Requests per second over HTTP",
    about:
      `Server and load each in a process of their own; medians, also of the ratios, of ${rounds} rounds of ${durationMs / 1_000} s, the servers in turns. ` +
      `SDK: \`McpServer\` built per request, \`createMcpHandler\` and \`toNodeHandler\`, as its documentation has it. ` +
      `Sluice and SDK speak 2026-07-28, fastmcp (stateless) 2025-11-25. The same tools everywhere; the call adds two numbers. ` +
      "Sluice writes its log line per call. The last three columns: how many requests the same processor time serves, " +
      "beside the SDK; Sluice's processor time per request; its 99th percentile of latency.",
    columns: ["", ...contenders.map(({ name }) => name), "÷ SDK", "÷ fastmcp", "CPU ÷ SDK", "CPU", "p99"],
    rows: rows.map((row) => [
      `tools/${row.operation}, ${row.toolCount} tools, ${row.concurrency} at once`,
      ...contenders.map(({ name }) =>
        Math.round(middle(row, name, ({ perSecond }) => perSecond)).toLocaleString("en-US"),
      ),
      times(ratio(row, "SDK")),
      times(ratio(row, "fastmcp")),
      times(ratio(row, "SDK", ({ cpuMsPerRequest }) => 1 / cpuMsPerRequest)),
      `${middle(row, "Sluice", ({ cpuMsPerRequest }) => cpuMsPerRequest).toFixed(2)} ms`,
      `${middle(row, "Sluice", ({ p99Ms }) => p99Ms).toFixed(1)} ms`,
    ]),
    goals: [
      goal(rows, { tools: "lake", operation: "list", concurrency: 16 }, 1.4),
      goal(rows, { tools: "lake", operation: "call", concurrency: 16 }, 1.2),
      goal(rows, { tools: "many", operation: "list", concurrency: 16 }, 6),
    ],
  };
}

/** The median of each round's own ratio: what slows the machine for a while slows both sides of it. */
function ratio(
  { rounds }: Measured,
  other: string,
  read: (turn: Turn) => number = ({ perSecond }) => perSecond,
): number {
  const others = rounds[other] ?? [];
  return median(
    (rounds.Sluice ?? []).map((turn, round) => {
      const against = others[round];
      return against ? read(turn) / read(against) : Number.NaN;
    }),
  );
}

function goal(rows: readonly Measured[], wanted: Case, least: number) {
  const row = rows.find(
    ({ tools, operation, concurrency }) =>
      tools === wanted.tools && operation === wanted.operation && concurrency === wanted.concurrency,
  );
  const found = row ? ratio(row, "SDK") : 0;
  return {
    text: `tools/${wanted.operation} with ${row?.toolCount} tools, 16 at once: ${times(found)} the SDK (at least ${least} ×)`,
    met: found >= least,
  };
}
