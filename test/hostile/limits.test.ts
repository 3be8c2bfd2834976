import {
  Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request,
} from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import type { Principal } from "../../src/core/principal.ts";
import { type Observer, unguarded } from "../../src/core/steps.ts";
import { defineTool } from "../../src/core/tool.ts";
import { createLimiter } from "../../src/limits/create-limiter.ts";
import type { LimitSettings } from "../../src/limits/settings.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { testCalls } from "../harness/calls.ts";
import { usualLimits } from "../harness/limited.ts";
import { modernRequest, openSession, postMcp, type RpcAnswer } from "../harness/rpc.ts";

const clock = { nowMs: Date.UTC(2026, 10, 25, 23, 59) };
let running = { now: 0, most: 0 };
const refusedAfterMs: number[] = [];
const opened: HttpAdapter[] = [];
afterEach(async () => {
  running = { now: 0, most: 0 };
  await Promise.all(opened.splice(0).map((adapter) => adapter.close()));
});

/** Stands for the real tool: takes as long as its object's name says. */
const summarizeText = defineTool({
  name: "lake_summarize_text",
  title: "Summarise",
  description: "Takes its time.",
  effect: "read",
  iam: [],
  input: z.strictObject({ uri: z.string() }),
  output: z.object({ summary: z.string() }),
  examples: [],
  async handle({ uri }) {
    running.most = Math.max(running.most, ++running.now);
    await sleep(Number(/(\d+)ms$/.exec(uri)?.[1] ?? 0));
    running.now -= 1;
    return { summary: "Short." };
  },
});

/** Keys are what they name; `wrong` after an id is that principal's id with a key that is not its own. */
async function authenticate({ headers }: Request): Promise<Principal | Response> {
  const [id = "", key] = (headers.get("authorization") ?? "").split(" ");
  if (key === "wrong") return new Response(null, { status: 401 });
  return { id, tenantId: "acme", scopes: [], roles: [], via: "api_key" };
}

const observer: Observer = {
  finished(_call, outcome, durationMs) {
    if (outcome.kind === "failed") refusedAfterMs.push(durationMs);
  },
  stepFailed: () => {},
};

function adapterWith(settings: Partial<LimitSettings> = {}): HttpAdapter {
  const now = () => clock.nowMs;
  const limits: LimitSettings = { ...usualLimits, queueMs: 10_000, ...settings };
  const limiter = createLimiter(limits, { store: new MemoryStore({ now }), now });
  const calls = {
    ...testCalls([{ name: "lake", title: "Lake", tools: [summarizeText] }]),
    steps: { ...unguarded, limiter, observer },
  };
  const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0" }, authenticate });
  const adapter = createHttpAdapter({ front, calls });
  opened.push(adapter);
  return adapter;
}

const post = (authorization: string, uri: string, headers: Record<string, string> = {}) => ({
  method: "POST",
  headers: { authorization, ...headers },
  body: JSON.stringify({ uri }),
});

function summarise(adapter: HttpAdapter, authorization: string, headers?: Record<string, string>) {
  return adapter.fetch(
    new Request("http://localhost/summarize", post(authorization, "s3://b/a.txt", headers)),
  );
}

const statuses = async (answers: Promise<Response>[]) =>
  (await Promise.all(answers)).map(({ status }) => status);

interface Answer {
  status: number | undefined;
  headers: IncomingHttpHeaders;
  tookMs: number;
}

/** Over a connection of Node's own, which opens a thousand sooner than `fetch` does. */
async function send(url: string, { body, ...options }: RequestOptions & { body?: string }): Promise<Answer> {
  const startedMs = performance.now();
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, options, resolve).on("error", reject).end(body);
  });
  await response.resume().toArray();
  const { statusCode: status, headers } = response;
  return { status, headers, tookMs: performance.now() - startedMs };
}

test("headers that a caller writes gain it nothing", async () => {
  const adapter = adapterWith();
  const answers = Array.from({ length: 15 }, (_, index) =>
    summarise(adapter, "anna", {
      "x-forwarded-for": `203.0.113.${index}`,
      forwarded: `for=203.0.113.${index}`,
      "x-real-ip": `203.0.113.${index}`,
      "x-tenant-id": `tenant-${index}`,
      "x-api-key-id": `key-${index}`,
      "user-agent": `agent/${index}`,
    }),
  );
  expect((await statuses(answers)).filter((status) => status === 200)).toHaveLength(5);
});

test("attempts with another's id and a wrong key use up nothing of the other's", async () => {
  const adapter = adapterWith();
  const attempts = Array.from({ length: 50 }, () => summarise(adapter, "anna wrong"));
  expect(new Set(await statuses(attempts))).toEqual(new Set([401]));
  const own = Array.from({ length: 5 }, () => summarise(adapter, "anna"));
  expect(await statuses(own)).toEqual([200, 200, 200, 200, 200]);
});

test("a plain HTTP answer says what is left, and a refusal when to come back", async () => {
  const adapter = adapterWith({ perDay: 6 });
  const first = await summarise(adapter, "anna");
  expect(Object.fromEntries(first.headers)).toMatchObject({
    "ratelimit-policy": '"rate";q=10;w=1, "day";q=6;w=86400',
    ratelimit: '"rate";r=4;t=1, "day";r=5;t=60',
  });
  await Promise.all(Array.from({ length: 4 }, () => summarise(adapter, "anna")));
  const tooFast = await summarise(adapter, "anna");
  expect(tooFast.status).toBe(429);
  expect(tooFast.headers.get("retry-after")).toBe("1");
  expect(tooFast.headers.get("ratelimit")).toBe('"rate";r=0;t=1');
  expect(await tooFast.json()).toMatchObject({
    code: "throttled",
    details: { limit: "rate", retryAfterMs: 100 },
  });
  clock.nowMs += 1_000;
  expect((await summarise(adapter, "anna")).status).toBe(200);
  const usedUp = await summarise(adapter, "anna");
  expect(usedUp.status).toBe(429);
  expect(usedUp.headers.get("retry-after")).toBe("59");
  expect(usedUp.headers.get("ratelimit")).toContain('"day";r=0;t=59');
});

test("an answer names the tenant's total, and a refusal by it when to come back", async () => {
  const adapter = adapterWith({ tenantTotals: [{ ratePerSecond: 2, burst: 3, perDay: 50 }] });
  const [first] = await Promise.all(["anna", "bert", "carl"].map((id) => summarise(adapter, id)));
  expect(first?.headers.get("ratelimit-policy")).toBe(
    '"rate";q=10;w=1, "tenant-rate";q=2;w=1, "day";q=1000;w=86400, "tenant-day";q=50;w=86400',
  );
  const refused = await summarise(adapter, "dora");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.headers.get("ratelimit")).toContain('"tenant-rate";r=0;t=2');
  expect(await refused.json()).toMatchObject({
    details: { limit: "rate", sharedBy: "tenant", retryAfterMs: 500 },
  });
});

/** A call over MCP as this principal, of a revision with sessions or without. */
async function callOver(era: "modern" | "2025-11-25", adapter: HttpAdapter, id: string): Promise<RpcAnswer> {
  const given = { name: "lake_summarize_text", arguments: { uri: "s3://b/x" } };
  const as = { authorization: id };
  if (era === "modern") {
    const { body, headers } = modernRequest("tools/call", given);
    return postMcp(adapter, body, { ...headers, ...as });
  }
  const session = await openSession(adapter, era, as);
  return postMcp(
    adapter,
    { jsonrpc: "2.0", id: 1, method: "tools/call", params: given },
    { ...session, ...as },
  );
}

test.each(["modern", "2025-11-25"] as const)("so does an answer over MCP (%s)", async (era) => {
  const adapter = adapterWith();
  const first = await callOver(era, adapter, "anna");
  expect(first.headers.get("ratelimit-policy")).toBe('"rate";q=10;w=1, "day";q=1000;w=86400');
  expect(first.headers.get("ratelimit")).toMatch(/^"rate";r=4;t=1, "day";r=999;t=\d+$/);
  expect(first.headers.has("retry-after")).toBe(false);
  for (let count = 0; count < 4; count++) await callOver(era, adapter, "anna");
  const refused = await callOver(era, adapter, "anna");
  expect(refused.messages.at(-1)?.result).toMatchObject({ isError: true });
  expect(refused.headers.get("retry-after")).toBe("1");
  expect(refused.headers.get("ratelimit")).toBe('"rate";r=0;t=1');
  const other = await callOver(era, adapter, "bert");
  expect(other.headers.get("ratelimit")).toContain('"rate";r=4;t=1');
});

test("of a thousand calls at once a hundred run, the rest wait or are refused, none hangs, and health answers", async () => {
  const adapter = adapterWith({ ratePerSecond: "unlimited", perDay: "unlimited" });
  const { url } = await adapter.listen();
  const agent = new Agent({ keepAlive: true, maxSockets: 2_000 });
  const crowd = Array.from({ length: 1_000 }, (_, index) =>
    send(`${url}/summarize`, { agent, ...post(`caller-${index}`, "s3://b/1500ms") }),
  );
  let isOver = false;
  const health: Answer[] = [];
  const watching = (async () => {
    while (!isOver) {
      health.push(await send(`${url}/health`, { agent }));
      await sleep(20);
    }
  })();
  const answers = await Promise.all(crowd);
  isOver = true;
  await watching;
  agent.destroy();
  const refused = answers.filter(({ status }) => status === 429);
  expect(running).toEqual({ now: 0, most: 100 });
  expect(answers.filter(({ status }) => status === 200).length + refused.length).toBe(1_000);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ headers }) => headers["retry-after"] === "1")).toBe(true);
  // On the server: how long it takes until a thousand are sent is the machine's affair.
  expect(Math.max(...refusedAfterMs)).toBeLessThan(1_000);
  expect(health.every(({ status }) => status === 200)).toBe(true);
  expect(health.map(({ tookMs }) => tookMs).sort((a, b) => a - b)[health.length >> 1]).toBeLessThan(500);
});
