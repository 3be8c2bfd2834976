import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { serveStdio } from "../../src/adapters/stdio.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "../harness/calls.ts";
import { createMangler } from "../harness/mangle.ts";
import { modernRequest, openSession, type RpcMessage, readAnswer } from "../harness/rpc.ts";

const seed = Number(process.env.SLUICE_FUZZ_SEED ?? Date.now() % 1_000_000);
const messages = 1_500;

/** What failed inside, outside any call: nothing that a caller sends may. */
const inside: unknown[] = [];
const calls = testCalls();
const front = () =>
  createMcpFront({
    calls,
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    onError: () => {},
  });
let adapter: HttpAdapter;
let url = "";
beforeAll(async () => {
  adapter = createHttpAdapter({ front: front(), calls, onError: (error) => inside.push(error) });
  ({ url } = await adapter.listen());
});
afterAll(() => adapter.close());

const asked: readonly [string, Record<string, unknown>][] = [
  ["tools/call", { name: "echo_text", arguments: { text: "a" }, _meta: { progressToken: "p" } }],
  ["tools/call", { name: "echo_slowly", arguments: { steps: 1, stepMs: 1, text: "b" } }],
  ["tools/call", { name: "old_echo", arguments: { words: "a" } }],
  ["tools/list", {}],
  ["resources/read", { uri: "echo://names/ada" }],
  ["resources/list", { cursor: "x" }],
  ["prompts/get", { name: "greet", arguments: { name: "ada" } }],
  [
    "completion/complete",
    { ref: { type: "ref/prompt", name: "greet" }, argument: { name: "name", value: "a" } },
  ],
  ["server/discover", {}],
  ["tasks/get", { taskId: "none" }],
];
const legacyOnly: readonly Record<string, unknown>[] = [
  { method: "ping", id: 1 },
  { method: "notifications/cancelled", params: { requestId: 1, reason: "no" } },
  { method: "notifications/progress", params: { progressToken: "p", progress: 1 } },
  { method: "notifications/initialized" },
  { method: "logging/setLevel", id: 1, params: { level: "info" } },
  { id: 1, result: { action: "accept" } },
  { id: 1, error: { code: -32000, message: "no" } },
  {
    method: "initialize",
    id: 1,
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "x", version: "1" } },
  },
];

/** What an answer may never say: places, frames of a stack, names of classes. */
const leaked = /node_modules|\bat .*\.[jt]s:|\/src\/|TypeError|ZodError|Cannot read|is not a function/;

function check(answers: readonly RpcMessage[], sent: string): void {
  for (const answer of answers) {
    const text = JSON.stringify(answer);
    expect(answer, sent).toMatchObject({ jsonrpc: "2.0" });
    expect(text, sent).not.toMatch(leaked);
    expect(answer.error?.code, sent).not.toBe(-32603);
    if (answer.error) expect(Number.isSafeInteger(answer.error.code), sent).toBe(true);
    else expect(answer, sent).toSatisfy((one: object) => "result" in one || "method" in one);
  }
}

async function send(body: string, headers: Record<string, string>) {
  const accept = "application/json, text/event-stream";
  const init = { method: "POST", headers: { "content-type": "application/json", accept, ...headers }, body };
  return readAnswer(await fetch(`${url}/mcp`, { ...init, signal: AbortSignal.timeout(10_000) }));
}

async function stillServes(): Promise<void> {
  const { body, headers } = modernRequest("tools/call", { name: "echo_text", arguments: { text: "fine" } });
  const { status, messages } = await send(JSON.stringify(body), headers);
  expect({ status, output: messages.at(-1)?.result?.structuredContent }).toEqual({
    status: 200,
    output: { text: "fine", principal: "local" },
  });
  expect(Reflect.get({}, "polluted")).toBeUndefined();
}

const known = [200, 202, 400, 404, 406];

test(`${messages} mangled requests of 2026-07-28 are answered, each with what it is (seed ${seed})`, async () => {
  const { mangled, random } = createMangler(seed);
  const statuses = new Map<number, number>();
  for (let count = 0; count < messages; count++) {
    const { body, headers } = modernRequest(...(asked[random(asked.length)] as (typeof asked)[number]));
    const text = mangled(body);
    const { status, messages } = await send(text, random(8) === 0 ? {} : headers);
    expect(known, text).toContain(status);
    check(messages, text);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  // Of each kind there were some, so what was sent did go wrong in more ways than one.
  for (const status of [200, 400]) expect(statuses.get(status), String(status)).toBeGreaterThan(20);
  expect(inside).toEqual([]);
  await stillServes();
}, 60_000);

test(`so are ${messages} of a legacy session (seed ${seed})`, async () => {
  const { mangled, random } = createMangler(seed + 1);
  const session = await openSession(adapter);
  const statuses = new Map<number, number>();
  const good = [...asked.map(([method, params]) => ({ id: 1, method, params })), ...legacyOnly];
  for (let count = 0; count < messages; count++) {
    const text = mangled({ jsonrpc: "2.0", ...good[random(good.length)] });
    const { status, messages } = await send(text, random(8) === 0 ? {} : session);
    expect(known, text).toContain(status);
    check(messages, text);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  for (const status of [200, 202, 400]) expect(statuses.get(status), String(status)).toBeGreaterThan(20);
  expect(inside).toEqual([]);
  await stillServes();
}, 60_000);

test(`so are ${messages} lines over stdio, and the connection goes on (seed ${seed})`, async () => {
  const { mangled, random } = createMangler(seed + 2);
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const served = serveStdio({ front: front(), stdin, stdout });
  const said: RpcMessage[] = [];
  let rest = "";
  stdout.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    said.push(...lines.map((line): RpcMessage => JSON.parse(line)));
  });
  const line = (message: unknown) => stdin.write(`${JSON.stringify(message)}\n`);
  line({ jsonrpc: "2.0", ...legacyOnly.at(-1), id: "open" });
  const good = [...asked.map(([method, params]) => ({ id: 1, method, params })), ...legacyOnly.slice(0, -1)];
  for (let count = 0; count < messages; count++) {
    const text = mangled({ jsonrpc: "2.0", ...good[random(good.length)], id: `n${count}` });
    stdin.write(`${text.replaceAll("\n", " ")}\n`);
    if (count % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  line({
    jsonrpc: "2.0",
    id: "last",
    method: "tools/call",
    params: { name: "echo_text", arguments: { text: "z" } },
  });
  await expect.poll(() => said.find(({ id }) => id === "last")?.result).toBeDefined();
  check(said, "stdio");
  expect(said.filter(({ error }) => error).length).toBeGreaterThan(100);
  expect(said.filter(({ result }) => result).length).toBeGreaterThan(5);
  await served.close();
}, 60_000);
