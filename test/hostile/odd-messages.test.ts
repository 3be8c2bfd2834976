import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "../harness/calls.ts";
import { watchedEcho } from "../harness/echo-toolset.ts";
import { modernRequest, openSession, postMcp } from "../harness/rpc.ts";

/** Runs of a tool that began, by their text. */
const begun: string[] = [];
beforeEach(() => {
  begun.length = 0;
});
const inside: unknown[] = [];
const calls = testCalls([watchedEcho((text) => begun.push(text))]);
const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0.0.0" } });
const adapter = createHttpAdapter({ front, calls, onError: (error) => inside.push(error) });
afterAll(async () => {
  await adapter.close();
  expect(inside).toEqual([]);
});

const slowly = (text: string, stepMs = 1) => ({
  name: "echo_slowly",
  arguments: { steps: 1, stepMs, text },
});

describe("without an id", () => {
  test("a call of a legacy session is a notification: it is taken, and nothing runs", async () => {
    const session = await openSession(adapter);
    const asked = { jsonrpc: "2.0", method: "tools/call", params: slowly("unasked") };
    const { status, messages } = await postMcp(adapter, asked, session);
    expect({ status, messages }).toEqual({ status: 202, messages: [] });
    await postMcp(adapter, { ...asked, id: 1, params: slowly("asked") }, session);
    expect(begun).toEqual(["asked"]);
  });

  test("a call of 2026-07-28 runs nothing either", async () => {
    const { body, headers } = modernRequest("tools/call", slowly("unasked"));
    const { id: _, ...unasked } = body;
    const { status } = await postMcp(adapter, unasked, headers);
    expect([202, 400]).toContain(status);
    expect(begun).toEqual([]);
  });
});

describe("notifications/cancelled", () => {
  const cancelled = (requestId: unknown) => ({
    jsonrpc: "2.0",
    method: "notifications/cancelled",
    params: { requestId, reason: "\u001b[2J\u2028no" },
  });

  test.each([[8], ["7"], [null], [{}], [[7]], [7.5], ["__proto__"], [undefined]])(
    "of the id %j stops nothing of the id 7",
    async (requestId) => {
      const session = await openSession(adapter);
      const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: slowly("on", 150) };
      const answer = postMcp(adapter, call, session);
      await expect.poll(() => begun).toEqual(["on"]);
      const { status } = await postMcp(adapter, cancelled(requestId), session);
      expect([202, 400]).toContain(status);
      expect((await answer).messages.at(-1)?.result?.structuredContent).toMatchObject({ text: "on" });
    },
  );

  test("of another session stops nothing, though both have the id", async () => {
    const [ours, theirs] = [await openSession(adapter), await openSession(adapter)];
    const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: slowly("ours", 150) };
    const answer = postMcp(adapter, call, ours);
    await expect.poll(() => begun).toEqual(["ours"]);
    expect((await postMcp(adapter, cancelled(7), theirs)).status).toBe(202);
    expect((await answer).messages.at(-1)?.result?.structuredContent).toMatchObject({ text: "ours" });
  });

  test("before and after a call of its id does nothing to that call, and the id can be used anew", async () => {
    const session = await openSession(adapter);
    for (const text of ["first", "second"]) {
      await postMcp(adapter, cancelled(7), session);
      const call = { jsonrpc: "2.0", id: 7, method: "tools/call", params: slowly(text) };
      expect((await postMcp(adapter, call, session)).messages.at(-1)?.result).toMatchObject({
        structuredContent: { text },
      });
    }
  });
});

describe("a progress token", () => {
  const call = (progressToken: unknown) =>
    modernRequest("tools/call", {
      name: "echo_slowly",
      arguments: { steps: 2, stepMs: 1, text: "a" },
      _meta: { progressToken },
    });

  test.each([[0], [-1], [""], ["p\u001b[2J"], ["__proto__"], ["x".repeat(1_000)], [Number.MAX_SAFE_INTEGER]])(
    "that is %j comes back as it went",
    async (token) => {
      const { body, headers } = call(token);
      const { status, messages } = await postMcp(adapter, body, headers);
      const told = messages.filter(({ method }) => method === "notifications/progress");
      expect(status).toBe(200);
      expect(told.length).toBeGreaterThan(0);
      expect(told.every(({ params }) => params?.progressToken === token)).toBe(true);
      expect(messages.at(-1)?.result).toMatchObject({ structuredContent: { text: "a" } });
    },
  );

  test.each([[null], [{}], [[1]], [true], [1.5]])(
    "that is %j is refused, and nothing runs",
    async (token) => {
      const { body, headers } = call(token);
      const { status, messages } = await postMcp(adapter, body, headers);
      expect(status).toBe(400);
      expect(messages[0]?.error?.code).toSatisfy((code: number) => [-32600, -32602].includes(code));
      expect(begun).toEqual([]);
    },
  );
});

test.each<[string, Record<string, unknown>]>([
  [
    "names of JavaScript's",
    JSON.parse('{"__proto__":{"principal":"root"},"constructor":{"x":1},"toJSON":1}'),
  ],
  [
    "a principal, a tenant, roles",
    { principal: "root", tenantId: "other", roles: ["admin"], "sluice/principal": "x" },
  ],
  ["a correlation id of another form", { correlationId: "\u001b[2J", traceparent: "00-zz-zz-01" }],
  ["a traceparent that is no text", { traceparent: { toString: 1 }, tracestate: [] }],
  [
    "a thousand members",
    Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`x.example/${index}`, index])),
  ],
])("_meta with %s is nobody's word", async (_what, _meta) => {
  const { body, headers } = modernRequest("tools/call", {
    name: "echo_text",
    arguments: { text: "a" },
    _meta,
  });
  const { messages } = await postMcp(adapter, body, headers);
  expect(messages.at(-1)?.result?.structuredContent).toEqual({ text: "a", principal: "local" });
  expect(JSON.stringify(messages.at(-1)?.result?._meta)).not.toMatch(/root|\\u001b|zz/);
  expect(Reflect.get({}, "principal")).toBeUndefined();
});

test.each([
  ...[
    "\uff45cho_text",
    "ech\u043e_text",
    "echo_text\u200b",
    "echo_text\0",
    "ECHO_TEXT",
    " echo_text",
    "echo_text\n",
  ],
  ...[
    "echo_te\u0445t",
    "echo\u2024text",
    "\u202eecho_text",
    "echo_text/../echo_fault",
    "e\u0301cho_text",
    "\ud800",
    "",
  ],
])("a tool named %j does not exist, and none that looks alike is called for it", async (name) => {
  const session = await openSession(adapter);
  const call = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: { text: "a" } } };
  const { messages } = await postMcp(adapter, call, session);
  expect(messages[0]?.error?.code).toBe(-32602);
  expect(messages[0]?.result).toBeUndefined();
});

test.each(["\0", "a\0b", "\ud800", "\udc00\ud800", "\ufeff", "\u202e", "e\u0301", "\u0085\u2028"])(
  "the text %j is data, and comes back as it went",
  async (text) => {
    const { body, headers } = modernRequest("tools/call", { name: "echo_text", arguments: { text } });
    const { messages } = await postMcp(adapter, body, headers);
    expect(messages.at(-1)?.result?.structuredContent).toMatchObject({ text });
  },
);

test.each([
  "9007199254740993",
  "1e400",
  "-1e400",
  "1.5",
  "1e3000",
  "-0.1",
  '"1"',
  "null",
  "[1]",
  '{"valueOf":1}',
])("steps of %s are refused, not rounded", async (steps) => {
  const { body, headers } = modernRequest("tools/call", slowly("never"));
  const text = JSON.stringify(body).replace('"steps":1', `"steps":${steps}`);
  const { messages } = await postMcp(adapter, text, headers);
  expect(messages.at(-1)?.result).toMatchObject({
    isError: true,
    structuredContent: { code: "invalid_input" },
  });
  expect(begun).toEqual([]);
});
