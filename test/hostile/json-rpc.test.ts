import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "../harness/calls.ts";
import { modernRequest, openSession, postMcp } from "../harness/rpc.ts";

const calls = testCalls();
const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0.0.0" } });
const adapter = createHttpAdapter({ front, calls });

afterAll(() => adapter.close());

const list = modernRequest("tools/list");

async function stillServes(): Promise<void> {
  expect((await postMcp(adapter, list.body, list.headers)).status).toBe(200);
}

describe("a message off JSON-RPC is refused with 400 and the code for it", () => {
  const text = JSON.stringify(list.body);
  test.each([
    ["not JSON", '{"jsonrpc":', -32700],
    ["an empty body", "", -32700],
    ["a name twice", text.replace('"id":1', '"id":1,"method":"tools/call"'), -32700],
    [
      "nesting of 10,000",
      text.replace('"id":1', `"id":1,"x":${"[".repeat(10_000)}${"]".repeat(10_000)}`),
      -32700,
    ],
    ["a string", '"tools/list"', -32600],
    ["no version", text.replace('"jsonrpc":"2.0",', ""), -32600],
    ["another version", text.replace('"2.0"', '"1.0"'), -32600],
    ["a method that is no string", text.replace('"tools/list"', "7"), -32600],
    ["params that are a list", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}', -32600],
    ["a batch", `[${text}]`, -32600],
    ["an empty batch", "[]", -32600],
  ])("%s", async (_what, body, code) => {
    const { status, messages } = await postMcp(adapter, body, list.headers);
    expect(status).toBe(400);
    expect(messages[0]?.error?.code).toBe(code);
    await stillServes();
  });

  test.each([
    ["null", null],
    ["a fraction", 1.5],
    ["more than a JSON number holds", 2 ** 60],
    ["true", true],
    ["an object", { id: 1 }],
    ["a text of 100,000 characters", "x".repeat(100_000)],
  ])("an id that is %s", async (_what, id) => {
    const { status, messages } = await postMcp(adapter, { ...list.body, id }, list.headers);
    expect(status).toBe(400);
    expect(messages[0]).toMatchObject({ id: null, error: { code: -32600 } });
    await stillServes();
  });

  test.each([[0], [-7], ["1"], [""], ["ünïcödé \u2028"], [Number.MAX_SAFE_INTEGER]])(
    "but id %j comes back as it went",
    async (id) => {
      const { messages } = await postMcp(adapter, { ...list.body, id }, list.headers);
      expect(messages[0]?.id).toBe(id);
    },
  );
});

test("bytes that are not UTF-8 are refused, not replaced", async () => {
  const bytes = Buffer.from(JSON.stringify(list.body).replace("tools/list", "tools/l\u00ffst"), "latin1");
  const headers = { "content-type": "application/json", ...list.headers };
  const asked = new Request("http://localhost/mcp", { method: "POST", headers, body: bytes });
  const response = await adapter.fetch(asked);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: -32700 } });
});

describe("headers that do not agree with the body", () => {
  const call = modernRequest("tools/call", { name: "echo_text", arguments: { text: "a" } });
  test.each([
    ["another method", { "mcp-method": "tools/list" }],
    ["another tool", { "mcp-name": "echo_fault" }],
    ["another revision", { "mcp-protocol-version": "2025-11-25" }],
  ])("%s", async (_what, wrong) => {
    const { status, messages } = await postMcp(adapter, call.body, { ...call.headers, ...wrong });
    expect(status).toBe(400);
    expect(messages[0]).toMatchObject({ id: 1, error: { code: -32020 } });
  });

  test.each([["mcp-method"], ["mcp-name"], ["mcp-protocol-version"]])("%s left out", async (name) => {
    const headers = Object.fromEntries(Object.entries(call.headers).filter(([header]) => header !== name));
    const { status, messages } = await postMcp(adapter, call.body, headers);
    expect(status).toBe(400);
    expect(messages[0]?.error?.code).toBe(-32020);
  });
});

test.each([["text/plain"], ["multipart/form-data; boundary=x"], ["application/x-json"], [""]])(
  "content type %j is refused with 415",
  async (contentType) => {
    const { status } = await postMcp(adapter, list.body, { ...list.headers, "content-type": contentType });
    expect(status).toBe(415);
  },
);

test("an unknown method is 404 and -32601", async () => {
  const { body, headers } = modernRequest("tools/destroy");
  const { status, messages } = await postMcp(adapter, body, headers);
  expect(status).toBe(404);
  expect(messages[0]).toMatchObject({ id: 1, error: { code: -32601 } });
});

test("arguments named like parts of every object stay arguments", async () => {
  const { body, headers } = modernRequest("tools/call", { name: "echo_text", arguments: {} });
  const hostile = JSON.stringify(body).replace(
    '"arguments":{}',
    '"arguments":{"text":"a","__proto__":{"principal":"root"},"constructor":{"x":1}}',
  );
  const { messages } = await postMcp(adapter, hostile, headers);
  expect(messages[0]?.result).toMatchObject({
    isError: true,
    structuredContent: { code: "invalid_input" },
  });
  expect(Reflect.get({}, "principal")).toBeUndefined();
});

test.each([["__proto__"], ["constructor"], ["toString"]])("a tool named %s does not exist", async (name) => {
  const { body, headers } = modernRequest("tools/call", { name, arguments: {} });
  const { messages } = await postMcp(adapter, body, headers);
  expect(messages[0]?.error?.code).toBe(-32602);
});

describe("in a legacy session", () => {
  test("an id that is in flight is refused, and the first call gets its answer", async () => {
    const session = await openSession(adapter);
    const call = {
      jsonrpc: "2.0",
      id: 7,
      method: "tools/call",
      params: { name: "echo_slowly", arguments: { steps: 1, stepMs: 200, text: "first" } },
    };
    const first = postMcp(adapter, call, session);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await postMcp(adapter, call, session);
    expect(second.status).toBe(400);
    expect(second.messages[0]).toMatchObject({ id: 7, error: { code: -32600 } });
    expect((await first).messages[0]?.result?.structuredContent).toMatchObject({ text: "first" });
  });

  test.each(["2025-06-18", "2025-11-25"])("%s has no batches", async (revision) => {
    const session = await openSession(adapter, revision);
    const { status, messages } = await postMcp(adapter, [{ jsonrpc: "2.0", id: 1, method: "ping" }], session);
    expect(status).toBe(400);
    expect(messages[0]?.error?.code).toBe(-32600);
  });

  test("2025-03-26 has batches of at most 100", async () => {
    const session = await openSession(adapter, "2025-03-26");
    const pings = Array.from({ length: 100 }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
    const answered = await postMcp(adapter, pings, session);
    expect(answered.messages.map(({ id }) => id).sort((a, b) => Number(a) - Number(b))).toEqual(
      pings.map(({ id }) => id),
    );
    const more = await postMcp(adapter, [...pings, { jsonrpc: "2.0", id: 100, method: "ping" }], session);
    expect(more.status).toBe(400);
    const twins = await postMcp(adapter, [pings[0], pings[0]], session);
    expect(twins.status).toBe(400);
  });
});

describe("over a socket", () => {
  let port = 0;
  beforeAll(async () => {
    port = (await adapter.listen()).port;
  });

  function send(headers: Record<string, string>, write: (sent: ReturnType<typeof request>) => void) {
    return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      const options = { host: "127.0.0.1", port, path: "/mcp", method: "POST", headers, agent: false };
      const sent = request(options, async (response) => {
        let body = "";
        for await (const chunk of response) body += chunk;
        resolve({ status: response.statusCode, body });
      });
      sent.on("error", reject);
      write(sent);
    });
  }

  test("a body announced as 50 MB is refused before it is sent", async () => {
    const headers = { "content-type": "application/json", "content-length": String(50 * 1024 * 1024) };
    const { status, body } = await send(headers, (sent) => sent.flushHeaders());
    expect(status).toBe(413);
    expect(JSON.parse(body)).toMatchObject({ jsonrpc: "2.0", id: null, error: { code: -32000 } });
  });

  test("a body of 50 MB that was not announced is cut off at the bound", async () => {
    let sentBytes = 0;
    const { status } = await send({ "content-type": "application/json" }, (sent) => {
      const chunk = Buffer.alloc(64 * 1024, "[");
      const pump = () => {
        while (sentBytes < 50 * 1024 * 1024 && !sent.destroyed) {
          sentBytes += chunk.length;
          if (!sent.write(chunk)) return void sent.once("drain", pump);
        }
      };
      pump();
    });
    expect(status).toBe(413);
    expect(sentBytes).toBeLessThan(20 * 1024 * 1024);
  });

  test("a client that sends half a request holds up nobody", async () => {
    const halves = Array.from({ length: 100 }, () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write(
        `POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9`,
      );
      return socket;
    });
    const startedMs = performance.now();
    await stillServes();
    // The halves are cut off after ten seconds at the least: the answer has not waited for that.
    expect(performance.now() - startedMs).toBeLessThan(9_000);
    for (const socket of halves) socket.destroy();
  });

  test.each([
    ["a foreign Host", { host: "evil.example" }],
    ["a Host that begins like ours", { host: "localhost.evil.example" }],
    ["a Host with user info", { host: "localhost@evil.example" }],
    ["a foreign Origin", { origin: "https://evil.example" }],
    ["an Origin that is null", { origin: "null" }],
    ["an Origin from a file", { origin: "file://localhost" }],
  ])("%s is refused with 403 before anything else", async (_what, headers) => {
    const { status } = await send({ "content-type": "text/plain", ...headers }, (sent) => sent.end("{"));
    expect(status).toBe(403);
  });
});
