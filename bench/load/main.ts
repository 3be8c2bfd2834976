import { Agent } from "node:http";
import { createInterface } from "node:readline";
import { quantile } from "../stats.ts";
import { checkAnswer, type Era, messageOf, type Operation } from "./message.ts";
import { send } from "./send.ts";

/** One measurement: `concurrency` callers, each sending its next request when the last is answered. */
export interface LoadRequest {
  port: number;
  operation: Operation;
  era: Era;
  concurrency: number;
  durationMs: number;
  /** Load before what counts, so that all that goes on beside requests is at work by then. */
  leadInMs?: number;
  toolCount: number;
  /** `authorization` of the callers, taken in turns. Left out: nobody says who it is. */
  callers?: readonly string[];
}

export interface LoadResult {
  /** All that were answered, those of the lead-in too. */
  answered: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** Every answer is read to its end; one in a hundred, the first included, is parsed and checked. */
async function measure(asked: LoadRequest): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: asked.concurrency });
  const latencies: number[] = [];
  const startedMs = performance.now() + (asked.leadInMs ?? 0);
  const untilMs = startedMs + asked.durationMs;
  let id = 0;
  const caller = async () => {
    while (performance.now() < untilMs) {
      const mine = id++;
      const sentMs = performance.now();
      const text = await ask(agent, asked, mine);
      const answeredMs = performance.now();
      if (answeredMs >= startedMs) latencies.push(answeredMs - sentMs);
      if (mine % 100 === 0) checkAnswer(text, asked.operation, mine, asked.toolCount);
    }
  };
  await Promise.all(Array.from({ length: asked.concurrency }, caller));
  const tookMs = performance.now() - startedMs;
  agent.destroy();
  return {
    answered: id,
    perSecond: (latencies.length / tookMs) * 1_000,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
  };
}

async function ask(
  agent: Agent,
  { port, operation, era, callers = [] }: LoadRequest,
  id: number,
): Promise<string> {
  const { headers, body } = messageOf(operation, era, id);
  const authorization = callers[id % callers.length];
  if (authorization !== undefined) headers.authorization = authorization;
  const to = { agent, host: "127.0.0.1", port, path: "/mcp", method: "POST", headers };
  const { status, text } = await send(to, body);
  if (status !== 200) throw new Error(`Status ${status}: ${text.slice(0, 500)}`);
  return text;
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    process.stdout.write(`${JSON.stringify(await measure(JSON.parse(line) as LoadRequest))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
