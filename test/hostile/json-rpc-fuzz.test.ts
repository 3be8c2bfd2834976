import { PassThrough } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { serveStdio } from "../../src/adapters/stdio.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "../harness/calls.ts";
import { createMangler } from "../harness/mangle.ts";
import { modernRequest, openSession, type RpcMessage, readAnswer } from "../harness/rpc.ts";
import { asked, check, fuzzModern, known, legacyOnly, seed } from "../harness/rpc-fuzz.ts";

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

test(`${messages} mangled requests of 2026-07-28 are answered, each with what it is (seed ${seed})`, async () => {
  await fuzzModern(send, { seed, messages });
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
