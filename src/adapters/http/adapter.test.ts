import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { testCalls } from "../../../test/harness/calls.ts";
import { watchedEcho } from "../../../test/harness/echo-toolset.ts";
import { modernRequest } from "../../../test/harness/rpc.ts";
import { ToolError } from "../../core/errors.ts";
import { defineTool } from "../../core/tool.ts";
import { createMcpFront } from "../../mcp/front.ts";
import { createHttpAdapter, type HttpAdapter, type HttpAdapterOptions } from "./adapter.ts";

const summarizeText = defineTool({
  name: "lake_summarize_text",
  title: "Summarise",
  description: "Stands for the real tool: says what it was asked for, or fails by the object's name.",
  effect: "read",
  iam: [],
  input: z.strictObject({ uri: z.string() }),
  output: z.object({ summary: z.string(), method: z.string() }),
  examples: [],
  async handle({ uri }) {
    if (uri.endsWith("missing.txt")) throw new ToolError("not_found", `No object ${uri}.`);
    if (uri.endsWith("busy.txt"))
      throw new ToolError("throttled", "Too fast.", { details: { retryAfterMs: 1500 } });
    return { summary: `About ${uri}.`, method: "extractive" };
  },
});

const patient = { timeout: 20_000 };
const begun: string[] = [];
const echo = watchedEcho((text) => begun.push(text));
const opened: HttpAdapter[] = [];
afterEach(async () => {
  begun.length = 0;
  await Promise.all(opened.splice(0).map((adapter) => adapter.close()));
});

function adapterWith(options: Partial<HttpAdapterOptions> = {}): HttpAdapter {
  const calls = testCalls([echo, { name: "lake", title: "Lake", tools: [summarizeText] }]);
  const front = createMcpFront({
    calls,
    serverInfo: { name: "sluice-test", version: "0" },
    maxBodyBytes: 10_000,
  });
  const adapter = createHttpAdapter({ front, calls, ...options });
  opened.push(adapter);
  return adapter;
}

function ask(adapter: HttpAdapter, path: string, init: RequestInit = {}): Promise<Response> {
  return adapter.fetch(new Request(`http://localhost${path}`, init));
}

function summarise(adapter: HttpAdapter, body: unknown): Promise<Response> {
  return ask(adapter, "/summarize", { method: "POST", body: JSON.stringify(body) });
}

test("says that it lives, whoever asks", async () => {
  const response = await ask(adapterWith(), "/health", { headers: { host: "10.0.0.7:8080" } });
  expect(await response.json()).toEqual({ status: "healthy" });
});

test("says for each dependency whether it is ready", async () => {
  const dependencies = [
    { name: "query workers", ready: true },
    { name: "s3", ready: false, detail: "Credentials have expired." },
  ];
  const response = await ask(adapterWith({ ready: async () => dependencies }), "/health/ready");
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    status: "not ready",
    dependencies: {
      "query workers": { status: "ready" },
      s3: { status: "not ready", detail: "Credentials have expired." },
    },
  });
});

test.each([
  [{ file_key: "notes/a b.txt" }, "notes/a b.txt", "About s3://tickets/notes/a b.txt."],
  [{ uri: "s3://other/x/y.txt" }, "x/y.txt", "About s3://other/x/y.txt."],
])("summarises %j", async (body, fileKey, summary) => {
  const response = await summarise(adapterWith({ summarizeBucket: "tickets" }), body);
  expect(response.status).toBe(200);
  expect(response.headers.get("x-correlation-id")).toMatch(/^[0-9a-f-]{36}$/);
  expect(await response.json()).toEqual({ file_key: fileKey, summary, method: "extractive" });
});

test("answers faults of a summary as problems", async () => {
  const adapter = adapterWith({ summarizeBucket: "tickets" });
  const missing = await summarise(adapter, { file_key: "missing.txt" });
  expect(missing.status).toBe(404);
  expect(missing.headers.get("content-type")).toBe("application/problem+json");
  expect(await missing.json()).toMatchObject({
    type: "about:blank",
    title: "Not Found",
    status: 404,
    detail: "No object s3://tickets/missing.txt.",
    code: "not_found",
    retryable: false,
    correlationId: expect.any(String),
  });
  const busy = await summarise(adapter, { file_key: "busy.txt" });
  expect(busy.status).toBe(429);
  expect(busy.headers.get("retry-after")).toBe("2");
});

test.each([
  ["no member", {}, 400],
  ["both members", { file_key: "a", uri: "s3://b/a" }, 400],
  ["a member too many", { file_key: "a", bucket: "b" }, 400],
  ["an empty key", { file_key: "" }, 400],
  ["a body over the bound", { file_key: "x".repeat(20_000) }, 413],
])("refuses to summarise %s", async (_what, body, status) => {
  const response = await summarise(adapterWith({ summarizeBucket: "tickets" }), body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status });
});

test("a file_key without a bucket is told what to set", async () => {
  const response = await summarise(adapterWith(), { file_key: "a.txt" });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining("lake.buckets") });
});

test.each([
  ["/nothing", "GET", 404, null],
  ["/summarize", "GET", 405, "POST"],
  ["/health", "POST", 405, "GET"],
  ["/mcp", "PUT", 405, "GET, POST, DELETE"],
])("%s with %s is %i", async (path, method, status, allow) => {
  const response = await ask(adapterWith(), path, { method });
  expect(response.status).toBe(status);
  expect(response.headers.get("allow")).toBe(allow);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
});

test("a GET of the stateless revision is 405", async () => {
  const headers = { "mcp-protocol-version": "2026-07-28", accept: "text/event-stream" };
  expect((await ask(adapterWith(), "/mcp", { headers })).status).toBe(405);
});

test("a page of an allowed origin may ask and read, over a socket too", async () => {
  const adapter = adapterWith({ allowedOrigins: ["https://app.example.org"] });
  const { url } = await adapter.listen();
  const origin = "https://app.example.org";
  const preflight = await fetch(`${url}/mcp`, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "mcp-method,content-type",
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-headers")).toBe("mcp-method,content-type");
  const { body, headers } = modernRequest("tools/list");
  const sent = { "content-type": "application/json", origin, ...headers };
  const answer = await fetch(`${url}/mcp`, { method: "POST", headers: sent, body: JSON.stringify(body) });
  expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
  expect(answer.headers.get("vary")).toBe("origin");
  const foreign = await ask(adapter, "/mcp", {
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  });
  expect(foreign.status).toBe(403);
  expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
});

function post(url: string, method: string, params: Record<string, unknown>): Promise<Response> {
  const { body, headers } = modernRequest(method, params);
  const sent = { "content-type": "application/json", ...headers };
  return fetch(`${url}/mcp`, { method: "POST", headers: sent, body: JSON.stringify(body) });
}

test("stopping lets accepted calls finish, takes no new ones, and says so", async () => {
  const adapter = adapterWith();
  const { url } = await adapter.listen();
  const slow = { name: "echo_slowly", arguments: { steps: 10, stepMs: 200, text: "done" } };
  const accepted = Array.from({ length: 50 }, () => post(url, "tools/call", slow));
  const listening = await post(url, "subscriptions/listen", { notifications: { toolsListChanged: true } });
  await expect.poll(() => begun.length, patient).toBe(50);
  const startedMs = performance.now();
  const closed = adapter.close();
  const refused = await post(url, "tools/call", slow);
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("5");
  const ready = await fetch(`${url}/health/ready`);
  expect([ready.status, await ready.json()]).toEqual([503, { status: "draining", dependencies: {} }]);
  const answers = await Promise.all(accepted.map(async (answer) => (await answer).json()));
  const done = { result: { structuredContent: { text: "done" } } };
  expect(answers).toMatchObject(answers.map(() => done));
  await closed;
  // The listening client does not hold it up until the drain ends by itself.
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  await listening.text();
  await expect(fetch(`${url}/health`)).rejects.toThrow();
});

test("stopping does not wait for ever", async () => {
  const adapter = adapterWith({ drainMs: 200 });
  const { url } = await adapter.listen();
  const stuck = post(url, "tools/call", { name: "echo_slowly", arguments: { steps: 1, stepMs: 20_000 } });
  const failed = expect(stuck.then((response) => response.json())).rejects.toThrow();
  await expect.poll(() => begun.length, patient).toBe(1);
  const startedMs = performance.now();
  await adapter.close();
  expect(performance.now() - startedMs).toBeLessThan(10_000);
  await failed;
});

test("a modern client that leaves stops its call", async () => {
  const calls = testCalls([echo]);
  const faults: string[] = [];
  const observer = {
    stepFailed: () => {},
    finished: (_call: unknown, outcome: { kind: string; fault?: { code: string } }) => {
      faults.push(outcome.fault?.code ?? outcome.kind);
    },
  };
  const steps = { ...calls.steps, observer };
  const watched = { ...calls, steps };
  const front = createMcpFront({ calls: watched, serverInfo: { name: "sluice-test", version: "0" } });
  const adapter = createHttpAdapter({ front, calls: watched });
  opened.push(adapter);
  const { url } = await adapter.listen();
  const { body, headers } = modernRequest("tools/call", {
    name: "echo_slowly",
    arguments: { steps: 500, stepMs: 10 },
  });
  const leaving = new AbortController();
  const call = fetch(`${url}/mcp`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  await expect.poll(() => begun.length, patient).toBe(1);
  leaving.abort();
  await expect(call).rejects.toThrow();
  await expect.poll(() => faults, patient).toEqual(["timeout"]);
});

/** All that comes back to a client that sends so much of a request and no more. */
async function answerToHalf(adapter: HttpAdapter, text: string): Promise<string> {
  const { port } = await adapter.listen();
  const { connect } = await import("node:net");
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk;
  });
  socket.write(text);
  await new Promise((resolve) => socket.once("close", resolve));
  return answer;
}

test("a client too slow with its headers is cut off", async () => {
  const adapter = adapterWith({ headersTimeoutMs: 300 });
  expect(await answerToHalf(adapter, "POST /mcp HTTP/1.1\r\nHost: localhost\r\n")).toContain("408");
});

test("a client too slow with its body is cut off", async () => {
  const adapter = adapterWith({ headersTimeoutMs: 300, requestTimeoutMs: 300 });
  const head = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100";
  expect(await answerToHalf(adapter, `POST /mcp HTTP/1.1\r\n${head}\r\n\r\n{`)).toContain("408");
});
