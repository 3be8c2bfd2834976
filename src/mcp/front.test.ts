import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { testCalls } from "../../test/harness/calls.ts";
import { echoFront } from "../../test/harness/echo-front.ts";
import { modernRequest, openSession, postMcp, type RpcAnswer } from "../../test/harness/rpc.ts";
import { createMcpFront, type McpFront, type McpFrontOptions } from "./front.ts";

const opened: McpFront[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((front) => front.close()));
});

function frontWith(options: Partial<McpFrontOptions> = {}): McpFront {
  const front = echoFront(options);
  opened.push(front);
  return front;
}

function ask(
  front: McpFront,
  method: string,
  params: Record<string, unknown> = {},
  more: Record<string, string> = {},
): Promise<RpcAnswer> {
  const { body, headers } = modernRequest(method, params);
  return postMcp(front, body, { ...headers, ...more });
}

const listed = z.looseObject({
  tools: z.array(z.looseObject({ name: z.string(), description: z.string() })),
});

async function toolNames(front: McpFront, authorization = "ada"): Promise<string[]> {
  const { messages } = await ask(front, "tools/list", {}, { authorization });
  return listed.parse(messages[0]?.result).tools.map(({ name }) => name);
}

describe("the list of tools", () => {
  test("holds schemas, hints and how long it may be kept", async () => {
    const { messages } = await ask(frontWith(), "tools/list");
    expect(messages[0]?.result).toMatchObject({
      ttlMs: 300_000,
      cacheScope: "private",
      tools: expect.arrayContaining([
        {
          name: "echo_text",
          title: "Echo text",
          description: "Gives back what it was given.",
          inputSchema: {
            type: "object",
            properties: { text: { type: "string" } },
            required: ["text"],
            additionalProperties: false,
          },
          outputSchema: expect.objectContaining({ type: "object" }),
          annotations: {
            readOnlyHint: true,
            destructiveHint: false,
            idempotentHint: true,
            openWorldHint: false,
          },
        },
      ]),
    });
  });

  test("is the same in both eras", async () => {
    const front = frontWith();
    const modern = (await ask(front, "tools/list")).messages[0]?.result;
    const session = await openSession(front);
    const legacy = await postMcp(front, { jsonrpc: "2.0", id: 1, method: "tools/list" }, session);
    expect(listed.parse(legacy.messages[0]?.result).tools).toEqual(listed.parse(modern).tools);
  });

  test("shows each principal what it may see, and suggests nothing else", async () => {
    const calls = testCalls();
    const policy = {
      ...calls.steps.policy,
      visible: ({ id }: { id: string }, { name }: { name: string }) => id === "ada" || name !== "echo_fault",
    };
    const front = frontWith({ calls: { ...calls, steps: { ...calls.steps, policy } } });
    expect(await toolNames(front, "ada")).toContain("echo_fault");
    expect(await toolNames(front, "bob")).not.toContain("echo_fault");
    expect(await toolNames(front, "ada")).toContain("echo_fault");
    const call = { name: "echo_fault", arguments: { how: "denied" } };
    const { messages } = await ask(front, "tools/call", call, { authorization: "bob" });
    expect(messages[0]?.error).toMatchObject({ code: -32602, message: expect.not.stringContaining("mean") });
  });

  test("has older names only where they are asked for", async () => {
    expect(await toolNames(frontWith())).not.toContain("old_echo");
    const front = frontWith({ listAliases: true });
    const { messages } = await ask(front, "tools/list");
    const old = listed.parse(messages[0]?.result).tools.find(({ name }) => name === "old_echo");
    expect(old).toMatchObject({
      description: "Older name of echo_text. Gives back what it was given.",
      inputSchema: { properties: { words: { type: "string" } }, required: ["words"] },
    });
  });

  test.each(["tools/list", "prompts/list", "resources/templates/list"])(
    "%s has one page and gives out no cursor",
    async (method) => {
      const { messages } = await ask(frontWith(), method, { cursor: "x" });
      expect(messages[0]?.error).toMatchObject({
        code: -32602,
        message: expect.stringContaining("one page"),
      });
    },
  );
});

test("a cursor of resources/list that it did not give out is refused", async () => {
  const { messages } = await ask(frontWith(), "resources/list", { cursor: "eyJhdCI6Ii0xIn0" });
  expect(messages[0]?.error?.code).toBe(-32602);
});

describe("a call is found again by the caller's trace", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const call = { name: "echo_text", arguments: { text: "a" } };

  test("from the header", async () => {
    const { messages } = await ask(frontWith(), "tools/call", call, { traceparent });
    expect(messages[0]?.result?._meta).toMatchObject({ correlationId: traceId });
  });

  test("from _meta, which is nearer to the call", async () => {
    const other = traceparent.replace("4bf9", "5bf9");
    const given = { ...call, _meta: { traceparent } };
    const { messages } = await ask(frontWith(), "tools/call", given, { traceparent: other });
    expect(messages[0]?.result?._meta).toMatchObject({ correlationId: traceId });
  });

  test.each([
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00-<script>",
  ])("but not from %s", async (bad) => {
    const { messages } = await ask(frontWith(), "tools/call", call, { traceparent: bad });
    expect(messages[0]?.result?._meta).toMatchObject({
      correlationId: expect.stringMatching(/^[0-9a-f]{8}-/),
    });
  });
});

describe("logs reach a modern client", () => {
  const fault = { name: "echo_fault", arguments: { how: "denied" } };
  const level = (logLevel: string) => ({ _meta: { "io.modelcontextprotocol/logLevel": logLevel } });

  test("when its request asks for them", async () => {
    const { messages } = await ask(frontWith(), "tools/call", { ...fault, ...level("info") });
    expect(messages[0]).toMatchObject({
      method: "notifications/message",
      params: { level: "warning", logger: "sluice", data: { tool: "echo_fault", code: "denied" } },
    });
  });

  test.each([[{}], [level("error")]])("and not when it asks by %j", async (asked) => {
    const { messages } = await ask(frontWith(), "tools/call", { ...fault, ...asked });
    expect(messages).toHaveLength(1);
  });
});

describe("who asks", () => {
  test("is decided before the body is read", async () => {
    const front = frontWith({ authenticate: async () => new Response("no", { status: 401 }) });
    expect((await front.fetch(requestOf("{not json"))).status).toBe(401);
    expect((await front.fetch(new Request("http://localhost/mcp"))).status).toBe(401);
  });

  test("is the principal of its call, in both eras", async () => {
    const front = frontWith();
    const call = { name: "echo_text", arguments: { text: "a" } };
    const modern = await ask(front, "tools/call", call, { authorization: "ada" });
    expect(modern.messages[0]?.result?.structuredContent).toMatchObject({ principal: "ada" });
    const session = await openSession(front, "2025-06-18", { authorization: "bob" });
    const body = { jsonrpc: "2.0", id: 1, method: "tools/call", params: call };
    const legacy = await postMcp(front, body, session);
    expect(legacy.messages[0]?.result?.structuredContent).toMatchObject({ principal: "bob" });
  });
});

function requestOf(body: string): Request {
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
}

test("a silent stream is kept open by comments", async () => {
  const front = frontWith({ keepAliveMs: 40 });
  const slow = { name: "echo_slowly", arguments: { steps: 2, stepMs: 150 }, _meta: { progressToken: 1 } };
  const { body, headers } = modernRequest("tools/call", slow);
  const asked = new Request("http://localhost/mcp", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  expect(await (await front.fetch(asked)).text()).toContain(": keepalive\n\n");
  const session = await openSession(front);
  const accept = "text/event-stream";
  const stream = await front.fetch(new Request("http://localhost/mcp", { headers: { accept, ...session } }));
  const reader = stream.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe(": keep-alive\n\n");
  await reader?.cancel();
});

test("a raw tool cannot take the name of a tool", () => {
  const calls = testCalls();
  const tools = [
    { definition: { name: "old_echo" }, input: z.object({}), handle: async () => ({ content: [] }) },
  ];
  expect(() =>
    createMcpFront({ calls, serverInfo: { name: "x", version: "0" }, extension: { tools } }),
  ).toThrow("Two tools claim the name old_echo");
});
