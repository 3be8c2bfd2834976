import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { maxResultBytes, sizeBytesOf } from "../../src/adapters/lambda/result.ts";
import { connectModern } from "../harness/clients.ts";
import {
  httpApiEvent,
  type LambdaFunction,
  restEvent,
  startLambda,
  type TestRequest,
  timeLeft,
  toResponse,
} from "../harness/lambda-function.ts";
import { modernRequest, readAnswer } from "../harness/rpc.ts";

const key = "a-key-of-some-length-4711";
let lambda: LambdaFunction;
let journalDir: string;
beforeAll(async () => {
  journalDir = await mkdtemp(join(tmpdir(), "sluice-lambda-"));
  lambda = await startLambda({
    ...{ "auth.modes": ["api_key"], "auth.apiKey": key, "log.level": "info" },
    ...{ "audit.journalDir": journalDir, "audit.sinks": ["stdout"] },
    ...{ "limits.ratePerSecond": "unlimited", "limits.perDay": "unlimited" },
  });
});
afterAll(async () => {
  await lambda.close();
  await rm(journalDir, { recursive: true });
});

function mcpRequest(method: string, params: Record<string, unknown> = {}, id: unknown = 1): TestRequest {
  const { body, headers } = modernRequest(method, params, id);
  const accept = "application/json, text/event-stream";
  return {
    headers: { "content-type": "application/json", accept, "x-api-key": key, ...headers },
    body: JSON.stringify(body),
  };
}

const callOf = (name: string, args: Record<string, unknown>, id: unknown = 1) =>
  mcpRequest("tools/call", { name, arguments: args }, id);

async function answerTo(event: unknown, leftMs = 29_000) {
  return readAnswer(toResponse(await lambda.handler(event, timeLeft(leftMs))));
}

const formats = [
  { name: "REST API", eventOf: restEvent },
  { name: "HTTP API", eventOf: httpApiEvent },
  {
    name: "HTTP API with a stage",
    eventOf: (request: TestRequest) => httpApiEvent(request, null, "prod"),
  },
];

describe.each(formats)("events of a $name", ({ eventOf }) => {
  test("reach health, and nothing where nothing is", async () => {
    const health = await lambda.handler(eventOf({ method: "GET", path: "/health" }), timeLeft());
    expect({ status: health.statusCode, body: JSON.parse(health.body) }).toEqual({
      status: 200,
      body: { status: "healthy" },
    });
    const none = await lambda.handler(eventOf({ method: "GET", path: "/none" }), timeLeft());
    expect(none.statusCode).toBe(404);
  });

  test("serve a real client", async () => {
    const url = new URL("https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/mcp");
    const client = await connectModern(
      new StreamableHTTPClientTransport(url, {
        requestInit: { headers: { "x-api-key": key } },
        async fetch(_, { method = "GET", headers, body } = {}) {
          const text = typeof body === "string" ? { body } : {};
          const event = eventOf({ method, headers: Object.fromEntries(new Headers(headers)), ...text });
          return toResponse(await lambda.handler(event, timeLeft()));
        },
      }),
    );
    expect(client.protocolVersion()).toBe("2026-07-28");
    expect(await client.toolNames()).toContain("echo_text");
    const text = 'größer 🐍 "\\u2028"';
    expect((await client.call("echo_text", { text })).structuredContent).toEqual({
      text,
      principal: "key:default",
    });
    const { content } = await client.call("echo_slowly", { steps: 3, stepMs: 10 }, { onprogress() {} });
    expect(content[0]?.text).toContain("steps: 3");
    await client.close();
  });

  test("may have their body in base64", async () => {
    const request = callOf("echo_text", { text: "größer" });
    const body = Buffer.from(request.body ?? "").toString("base64");
    const { messages } = await answerTo({ ...eventOf({ ...request, body }), isBase64Encoded: true });
    expect(messages[0]?.result?.structuredContent).toMatchObject({ text: "größer" });
    const garbage = await answerTo({ ...eventOf({ ...request, body: "=!=" }), isBase64Encoded: true });
    expect(garbage.status).toBe(400);
  });

  test("without a body, with one that is no JSON, or with odd headers are refused", async () => {
    const { headers = {} } = callOf("echo_text", { text: "a" });
    expect((await answerTo(eventOf({ headers }))).status).toBe(400);
    expect((await answerTo(eventOf({ headers, body: "{" }))).messages[0]?.error?.code).toBe(-32700);
    for (const odd of [{ "x-snake": "🐍" }, { "bad name": "x" }, { "x-break": "a\r\nb: c" }]) {
      const { statusCode } = await lambda.handler(eventOf({ headers: { ...headers, ...odd } }), timeLeft());
      expect(statusCode).toBe(400);
    }
  });

  test("find nothing that would outlive them", async () => {
    const discovered = await answerTo(eventOf(mcpRequest("server/discover")));
    const capabilities = discovered.messages[0]?.result?.capabilities;
    expect(capabilities).toMatchObject({ tools: { listChanged: false } });
    expect(capabilities).not.toHaveProperty("extensions");

    const listening = await answerTo(eventOf(mcpRequest("subscriptions/listen", { notifications: {} }, 7)));
    expect(listening.messages[0]).toMatchObject({ id: 7, error: { code: -32601 } });

    const params = {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "t", version: "1" },
    };
    const initialize = JSON.stringify({ jsonrpc: "2.0", id: "a", method: "initialize", params });
    const { headers = {} } = mcpRequest("tools/list");
    const legacy = { "content-type": "application/json", accept: headers.accept ?? "", "x-api-key": key };
    const opened = await answerTo(eventOf({ headers: legacy, body: initialize }));
    expect(opened).toMatchObject({
      status: 400,
      messages: [{ id: "a", error: { message: expect.stringContaining("keeps no sessions") } }],
    });
    for (const method of ["GET", "DELETE"]) {
      const refused = await answerTo(eventOf({ method, headers: { ...legacy, "mcp-session-id": "a" } }));
      expect([refused.status, refused.headers.get("allow")]).toEqual([405, "POST"]);
    }
  });

  test("get too_large in place of an answer that Lambda would not take", async () => {
    // A quote is escaped once in the body, and once more in the function's answer.
    for (const big of [
      { of: "x", times: 7e6 },
      { of: '"', times: 2e6 },
    ]) {
      const result = await lambda.handler(eventOf(callOf("echo_big_text", big, "big")), timeLeft());
      expect(sizeBytesOf(result)).toBeLessThan(1_000);
      const { messages } = await readAnswer(toResponse(result));
      expect(messages).toMatchObject([
        { id: "big", error: { message: expect.stringMatching(/^too_large: The answer takes \d+ bytes/) } },
      ]);
    }
    const small = callOf("echo_big_text", { of: "x", times: 6e6 });
    const fits = await lambda.handler(eventOf(small), timeLeft());
    expect(fits.statusCode).toBe(200);
    expect(sizeBytesOf(fits)).toBeGreaterThan(6e6);
    expect(sizeBytesOf(fits)).toBeLessThan(maxResultBytes);
  });

  test("are answered before the function's time is over", async () => {
    const startedMs = performance.now();
    const slow = await answerTo(eventOf(callOf("echo_slowly", { steps: 1000, stepMs: 10 })), 3_000);
    expect(slow.messages.at(-1)?.result).toMatchObject({
      isError: true,
      structuredContent: { code: "timeout", details: { setting: "the function's own timeout" } },
    });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    const hung = await answerTo(eventOf(callOf("echo_hang", {}, "h")), 1_800);
    expect(hung.messages.at(-1)).toMatchObject({ id: "h" });
    expect(JSON.stringify(hung.messages)).toContain("timeout");
  });

  test("have left their records with the sinks when they are answered", async () => {
    lambda.recorded.length = 0;
    await answerTo(eventOf(callOf("echo_text", { text: "recorded" })));
    expect(lambda.recorded.map((line) => JSON.parse(line).kind)).toEqual(["outcome"]);
  });
});

test.each([
  ["nothing", undefined],
  ["a text", "GET /mcp"],
  ["an empty event", {}],
  ["a REST event without httpMethod", { ...restEvent({}), httpMethod: undefined }],
  ["a REST event without a request context", { ...restEvent({}), requestContext: undefined }],
  ["an HTTP event without a method", { ...httpApiEvent({}), requestContext: {} }],
  ["a path that is none", { ...restEvent({}), path: "mcp" }],
  ["a WebSocket's event", { requestContext: { routeKey: "$connect", connectionId: "a" } }],
  ["a load balancer's", { ...restEvent({}), requestContext: { elb: { targetGroupArn: "arn" } } }],
  ["a queue's", { Records: [{ body: "{}" }] }],
])("%s is no event for this handler, and Lambda is told", async (_, event) => {
  await expect(lambda.handler(event, timeLeft())).rejects.toThrow(
    /^This is no event of an API Gateway REST API/,
  );
});

test("a sink that is down costs an answer two seconds at most", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "http://127.0.0.1:9");
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) vi.stubEnv(name, "test");
  const dir = await mkdtemp(join(tmpdir(), "sluice-lambda-"));
  const own = await startLambda({
    ...{ "auth.modes": ["api_key"], "auth.apiKey": key, "audit.journalDir": dir },
    ...{ "audit.sinks": ["cloudwatch"], "audit.cloudwatch.logGroup": "audit" },
    "audit.cloudwatch.region": "eu-west-1",
  });
  for (const text of ["one", "two"]) {
    const startedMs = performance.now();
    const result = await own.handler(restEvent(callOf("echo_text", { text })), timeLeft());
    expect(result.statusCode).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(2_500);
  }
  expect(await own.deps.audit?.backlogs()).toMatchObject([{ sink: "cloudwatch", records: 3 }]);
  await own.close();
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true });
});

test("headers of several values come in whole", async () => {
  const request = callOf("echo_text", { text: "a" });
  const event = restEvent(request);
  const multiValueHeaders = { ...event.multiValueHeaders, "x-api-key": [key, "another"] };
  expect((await answerTo({ ...event, multiValueHeaders })).status).toBe(401);
});

test("pages of other origins are kept out", async () => {
  const request = callOf("echo_text", { text: "a" });
  const foreign = { ...request, headers: { ...request.headers, origin: "https://evil.example" } };
  expect((await answerTo(restEvent(foreign))).status).toBe(403);
});

const whose = { "auth.modes": ["api_key"], "auth.apiKey": key };

test.each<[string, Record<string, unknown>, string]>([
  ["no audit", { writes: "allow" }, "writes is allow, and no call is recorded"],
  ["no audit, confirmed", { writes: "confirm" }, "writes is confirm, and no call is recorded"],
  ["a journal in /tmp", { writes: "confirm", "audit.journalDir": "/tmp/audit" }, "(/tmp/audit) dies with"],
  [
    "a journal in /tmp by another way",
    { writes: "allow", "audit.journalDir": "/mnt/../tmp/audit" },
    "dies with its environment",
  ],
])("a function that may change things and has %s does not start", async (_, settings, says) => {
  await expect(startLambda({ ...whose, ...settings })).rejects.toThrow(says);
});

test.each<[string, Record<string, unknown>]>([
  ["a table", { "audit.dynamodb.table": "records" }],
  ["a journal that lasts", { "audit.journalDir": "/mnt/efs/audit" }],
])("a function that may change things and has %s starts", async (_, settings) => {
  const own = await startLambda({ ...whose, writes: "confirm", ...settings });
  await own.close();
});
