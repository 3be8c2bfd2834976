import { createInterface } from "node:readline";
import type { Children } from "./children.ts";
import { type Section, times } from "./report.ts";
import { median } from "./stats.ts";

export interface StdioStartOptions {
  children: Children;
  programAt: (name: string) => string;
  /** The built product. */
  product: string;
  rounds: number;
  say(text: string): void;
}

const limitMs = 450;

/** From the start of the process to the answer of its first tools/list, as a client that spawns it sees it. */
export async function measureStdioStart({
  children,
  programAt,
  product,
  rounds,
  say,
}: StdioStartOptions): Promise<Section> {
  const contenders: [name: string, program: string, args: string[]][] = [
    ["Sluice, built", product, ["stdio"]],
    ["SDK", programAt("sdk-stdio"), []],
    ["fastmcp", programAt("fastmcp-stdio"), []],
  ];
  const tookMs = new Map(contenders.map(([name]): [string, number[]] => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    say(`stdio start, round ${round} of ${rounds}`);
    for (const [name, program, args] of contenders) {
      const ms = await startToFirstList(children, program, args);
      if (round > 0) tookMs.get(name)?.push(ms);
    }
  }
  const rows = [...tookMs].map(([name, values]) => ({ name, ms: median(values), best: Math.min(...values) }));
  const ours = rows[0]?.ms ?? Number.NaN;
  return {
    title: "Start to first tools/list over stdio",
    about: `Spawn, initialize, tools/list, as a client of 2025-11-25 does it; medians of ${rounds} rounds in turns.`,
    columns: ["", "median", "best", "÷ Sluice"],
    rows: rows.map(({ name, ms, best }) => [
      name,
      `${ms.toFixed(0)} ms`,
      `${best.toFixed(0)} ms`,
      times(ms / ours),
    ]),
    goals: [{ text: `Sluice: ${ours.toFixed(0)} ms (at most ${limitMs} ms)`, met: ours <= limitMs }],
  };
}

async function startToFirstList(
  children: Children,
  program: string,
  args: readonly string[],
): Promise<number> {
  const startedMs = performance.now();
  const child = children.start(program, args);
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("A stdio server needs its standard input and output.");
  const send = (message: object) => stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const clientInfo = { name: "bench", version: "1.0.0" };
  send({
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo },
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  try {
    for await (const line of createInterface({ input: stdout })) {
      const { id, result } = JSON.parse(line) as { id?: number; result?: { tools?: unknown[] } };
      if (id === 1) {
        send({ method: "notifications/initialized" });
        send({ id: 2, method: "tools/list", params: {} });
      }
      if (id === 2 && result?.tools?.length) return performance.now() - startedMs;
    }
    throw new Error(`${program} ended before it listed its tools.`);
  } finally {
    clearTimeout(timer);
    await children.stop(child);
  }
}
