import { Agent } from "node:http";
import { createInterface } from "node:readline";
import { send } from "../../bench/load/send.ts";
import type { LoadAnswer, LoadQuestion, LoadRequest } from "./load-process.ts";
import { slowClients } from "./slow-clients.ts";
import { startSteadyLoad } from "./steady-load.ts";

// Whoever asked for this load gives up by then, and what was not answered is told.
const hangMs = 60_000;

async function ask(agent: Agent, port: number, { body, ...request }: LoadRequest): Promise<LoadAnswer> {
  const { path } = request;
  const startedMs = performance.now();
  const tookMs = () => performance.now() - startedMs;
  const to = { agent, host: "127.0.0.1", port, ...request, signal: AbortSignal.timeout(hangMs) };
  try {
    const { status, headers, text } = await send(to, body);
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    return { path, status, code, retryAfter: headers["retry-after"], tookMs: tookMs() };
  } catch (error) {
    return { path, error: String(error), tookMs: tookMs() };
  }
}

async function answer(asked: LoadQuestion): Promise<unknown> {
  if (asked.kind === "slow") return slowClients(asked);
  const agent = new Agent({ keepAlive: true });
  const answers: LoadAnswer[] = [];
  const once = async (request: LoadRequest) => void answers.push(await ask(agent, asked.port, request));
  if (asked.kind === "burst") await Promise.all(asked.requests.map(once));
  else {
    const load = startSteadyLoad(asked.perSecond, () => once(asked.request));
    await new Promise((resolve) => setTimeout(resolve, asked.durationMs));
    await load.stop();
  }
  agent.destroy();
  return { answers };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line) as LoadQuestion))}\n`);
