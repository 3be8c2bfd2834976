import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { serveStdio } from "../../src/adapters/stdio.ts";
import type { Auditor, CallSteps } from "../../src/core/steps.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type PolicyServer, startPolicyServer } from "../harness/policy-server.ts";
import { modernRequest } from "../harness/rpc.ts";

let server: PolicyServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

/** Where the audit lies that nothing gets into: what is recorded is taken before. */
let journalDir: string;
beforeAll(async () => {
  journalDir = await mkdtemp(join(tmpdir(), "sluice-one-line-"));
});
afterAll(() => rm(journalDir, { recursive: true, force: true }));

const anyId = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);

/** The server, the lines it logs from here on, and what it hands to the audit. */
async function start(settings: Parameters<typeof startPolicyServer>[0] = {}) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  server = await startPolicyServer(
    { audit: { journalDir }, ...settings },
    {},
    undefined,
    createLog({ level: "info", write }),
  );
  const records: string[] = [];
  const steps: CallSteps = server.deps.calls.steps;
  const auditor: Auditor = {
    intent: async () => {},
    outcome: async (_call, outcome) =>
      void records.push(outcome.kind === "failed" ? outcome.fault.code : "ok"),
    unknown: async () => void records.push("not_found"),
    refused: async ({ code }) => void records.push(code),
  };
  steps.auditor = auditor;
  if (server.deps.audit) server.deps.audit.callerRefused = ({ kind }) => void records.push(kind);
  lines.length = 0;
  return { server, lines, records };
}

interface Sent {
  body: string;
  headers?: Record<string, string>;
  method?: string;
  path?: string;
}

async function post(port: number, { body, headers = {}, method = "POST", path = "/mcp" }: Sent) {
  const sent = httpRequest({ port, host: "127.0.0.1", method, path });
  const all = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    authorization: "ann",
    ...headers,
  };
  for (const [name, value] of Object.entries(all)) sent.setHeader(name, value);
  sent.on("error", () => {});
  sent.end(body);
  const [response] = await once(sent, "response");
  response.resume();
  return response.statusCode as number;
}

const call = (name: unknown, args: unknown = {}) => modernRequest("tools/call", { name, arguments: args });
const modern = (name: unknown, args?: unknown): Sent => {
  const { body, headers } = call(name, args);
  return { body: JSON.stringify(body), headers };
};
const { headers: modernHeaders } = call("lake_list_sources");

test.each<[string, Sent, number, string, string[]]>([
  ["a call that works", modern("lake_list_sources"), 200, "tool call ok", ["ok"]],
  ["a tool there is not", modern("lake_none"), 200, "tool call not_found", ["not_found"]],
  [
    "arguments that are wrong",
    modern("lake_read_rows", { uri: 7 }),
    200,
    "tool call invalid_input",
    ["invalid_input"],
  ],
  [
    "a name that is none",
    { body: JSON.stringify(call(7).body), headers: modernHeaders },
    200,
    "request refused invalid_input",
    ["invalid_input"],
  ],
  [
    "arguments that are no object",
    modern("lake_list_sources", "x"),
    200,
    "request refused invalid_input",
    ["invalid_input"],
  ],
  [
    "a header of another tool",
    { ...modern("lake_list_sources"), headers: { ...modernHeaders, "mcp-name": "lake_query" } },
    400,
    "request refused invalid_input",
    ["invalid_input"],
  ],
  ["no JSON", { body: "{", headers: modernHeaders }, 400, "request refused invalid_input", ["invalid_input"]],
  [
    "no JSON-RPC",
    { body: '{"jsonrpc":"1.0","id":1,"method":"tools/call"}' },
    400,
    "request refused invalid_input",
    ["invalid_input"],
  ],
  ["a batch", { body: "[]" }, 400, "request refused invalid_input", ["invalid_input"]],
  ["a body too large", { body: `"${"x".repeat(2 ** 20)}"` }, 413, "request refused too_large", ["too_large"]],
  [
    "a body of another type",
    { body: "x", headers: { "content-type": "text/plain" } },
    415,
    "request refused unsupported",
    ["unsupported"],
  ],
  [
    "a session there is not",
    {
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method: "tools/call",
        params: { name: "lake_list_sources" },
      }),
      headers: { "mcp-session-id": "none" },
    },
    404,
    "request refused not_found",
    ["not_found"],
  ],
  [
    "another host's name",
    { ...modern("lake_list_sources"), headers: { ...modernHeaders, host: "evil.example" } },
    403,
    "request refused denied",
    ["denied"],
  ],
  [
    "a foreign origin",
    { ...modern("lake_list_sources"), headers: { ...modernHeaders, origin: "https://evil.example" } },
    403,
    "request refused denied",
    ["denied"],
  ],
  [
    "a summary of nothing",
    { body: "{}", path: "/summarize" },
    400,
    "request refused invalid_input",
    ["invalid_input"],
  ],
  [
    "a summary too large",
    { body: `"${"x".repeat(2 ** 20)}"`, path: "/summarize" },
    413,
    "request refused too_large",
    ["too_large"],
  ],
])("over HTTP %s has one line of the log, and its record", async (_, sent, status, line, record) => {
  const { server, lines, records } = await start();
  expect(await post(server.adapter.port ?? 0, sent)).toBe(status);
  expect(lines.map(({ event, outcome = "" }) => `${event} ${outcome}`)).toEqual([line]);
  expect(records).toEqual(record);
});

test("over HTTP a caller who is not known has one line of the log", async () => {
  const keys = [{ id: "ann", keys: [`sha256:${"0".repeat(64)}`] }];
  const { server, lines, records } = await start({ auth: { modes: ["api_key"], apiKeys: keys } });
  const sent = modern("lake_list_sources");
  const headers = { ...sent.headers, "x-api-key": "wrong-0123456789abcdef0123456789" };
  expect(await post(server.adapter.port ?? 0, { ...sent, headers })).toBe(401);
  expect(lines).toMatchObject([{ event: "caller refused", kind: "invalid", correlationId: anyId }]);
  expect(records).toEqual(["invalid"]);
});

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

test.each<[string, string, Record<string, string>]>([
  ["/mcp of another host", "/mcp", { host: "evil.example" }],
  ["/mcp of a foreign origin", "/mcp", { origin: "https://evil.example" }],
  ["/summarize of a foreign origin", "/summarize", { origin: "https://evil.example" }],
])("what is refused of %s bears the caller's trace, or an id of its own", async (_, path, headers) => {
  const { server, lines } = await start();
  const refused = (more: Record<string, string> = {}) =>
    post(server.adapter.port ?? 0, { body: "{}", path, headers: { ...headers, ...more } });
  for (const more of [{}, { traceparent }, { traceparent: "00-zz-zz-01" }])
    expect(await refused(more)).toBe(403);
  const line = { event: "request refused", outcome: "denied", path };
  expect(lines).toMatchObject([
    { ...line, correlationId: anyId },
    { ...line, correlationId: traceId },
    { ...line, correlationId: anyId },
  ]);
  expect(lines[0]?.correlationId).not.toBe(lines[2]?.correlationId);
});

test("the line of a name that is no tool's is one line, bounded, and holds no secret", async () => {
  const { server, lines } = await start();
  const name = `x\r\n{"event":"forged"}\u2028 dapi${"0".repeat(32)} ${"y".repeat(10_000)}`;
  await server.call("ann", name);
  expect(lines).toMatchObject([{ event: "tool call", outcome: "not_found", principal: "ann" }]);
  expect(JSON.stringify(lines)).not.toContain("dapi0");
  expect(String(lines[0]?.tool).length).toBeLessThan(200);
});

const rpc = (method: string, params: object, id: unknown = 1) =>
  JSON.stringify({ jsonrpc: "2.0", id, method, params });
const initialize = rpc(
  "initialize",
  { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  0,
);

test.each<[string, string, string, string]>([
  ["a call that works", rpc("tools/call", { name: "lake_list_sources" }), "tool call ok", "ok"],
  ["a tool there is not", rpc("tools/call", { name: "lake_none" }), "tool call not_found", "not_found"],
  [
    "wrong arguments",
    rpc("tools/call", { name: "lake_read_rows", arguments: { uri: 7 } }),
    "tool call invalid_input",
    "invalid_input",
  ],
  ["a name that is none", rpc("tools/call", { name: 7 }), "request refused invalid_input", "invalid_input"],
  ["no JSON", "{", "request refused invalid_input", "invalid_input"],
  ["no JSON-RPC", '{"id":1,"method":"tools/call"}', "request refused invalid_input", "invalid_input"],
  [
    "an id that is none",
    rpc("tools/call", { name: "lake_list_sources" }, 1.5),
    "request refused invalid_input",
    "invalid_input",
  ],
  [
    "a batch",
    `[${rpc("tools/call", { name: "lake_list_sources" })}]`,
    "request refused invalid_input",
    "invalid_input",
  ],
  ["a message too large", `"${"x".repeat(2 ** 20 + 1)}"`, "request refused invalid_input", "invalid_input"],
])("over stdio %s has one line of the log, and its record", async (_, message, line, record) => {
  const { server, lines, records } = await start();
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const adapter = serveStdio({ front: server.front, stdin, stdout });
  stdin.write(`${initialize}\n`);
  await once(stdout, "data");
  stdin.write(`${message}\n`);
  await once(stdout, "data");
  await adapter.close();
  expect(lines.map(({ event, outcome = "" }) => `${event} ${outcome}`)).toEqual([line]);
  expect(records).toEqual([record]);
});
