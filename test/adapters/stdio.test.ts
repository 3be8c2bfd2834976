import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { modernRequest } from "../harness/rpc.ts";

const script = fileURLToPath(new URL("../harness/stdio-server.ts", import.meta.url));
const running: ChildProcessWithoutNullStreams[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

interface Message {
  id?: unknown;
  method?: string;
  result?: Record<string, unknown>;
  error?: { code: number; message: string };
}

/** A server process spoken to line by line. Every line it writes must be a JSON-RPC message. */
function startServer() {
  const child = spawn(process.execPath, ["--import", "tsx", script]);
  running.push(child);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    write: (text: string) => child.stdin.write(`${text}\n`),
    send: (message: unknown) => child.stdin.write(`${JSON.stringify(message)}\n`),
    async next(): Promise<Message> {
      const { value, done } = await lines.next();
      if (done) throw new Error("The server closed its stdout.");
      const message = JSON.parse(value);
      expect(message.jsonrpc).toBe("2.0");
      return message;
    },
    async rest(): Promise<string[]> {
      const rest: string[] = [];
      for (let line = await lines.next(); !line.done; line = await lines.next()) rest.push(line.value);
      return rest;
    },
    exited: once(child, "exit"),
  };
}

const initialize = (protocolVersion: string) => ({
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion, capabilities: {}, clientInfo: { name: "tests", version: "1" } },
});

async function startSession(protocolVersion = "2025-11-25") {
  const server = startServer();
  server.send(initialize(protocolVersion));
  expect(await server.next()).toMatchObject({ id: 0, result: { protocolVersion } });
  return server;
}

const slowly = (id: number, stepMs: number) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "echo_slowly", arguments: { steps: 1, stepMs, text: `call ${id}` } },
});

test("the server ends, cleanly and silently, when the client closes stdin", async () => {
  const server = await startSession();
  server.send(slowly(1, 20_000));
  server.child.stdin.end();
  expect(await server.exited).toEqual([0, null]);
  expect(await server.rest()).toEqual([]);
});

test.each(["SIGTERM", "SIGINT"] as const)("the server ends on %s", async (signal) => {
  const server = await startSession();
  server.child.kill(signal);
  expect(await server.exited).toEqual([0, null]);
});

test("the server ends when the client dies without a word", async () => {
  const server = await startSession();
  server.child.stdout.destroy();
  server.child.stdin.destroy();
  expect(await server.exited).toEqual([0, null]);
});

test("what cannot be read is answered, and the connection goes on", async () => {
  const server = await startSession();
  const refusals: [string, number][] = [
    ["not json", -32700],
    ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700],
    [`${"[".repeat(100_000)}`, -32700],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600],
    ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600],
    [`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"x":"${"x".repeat(2 * 1024 * 1024)}"}}`, -32600],
  ];
  for (const [line, code] of refusals) {
    server.write(line);
    expect(await server.next()).toMatchObject({ id: null, error: { code } });
  }
  server.write("");
  server.send({ jsonrpc: "2.0", id: "still here", method: "ping" });
  expect(await server.next()).toMatchObject({ id: "still here", result: {} });
});

test("2025-03-26 may send batches", async () => {
  const server = await startSession("2025-03-26");
  server.send([1, 2].map((id) => ({ jsonrpc: "2.0", id, method: "ping" })));
  expect([(await server.next()).id, (await server.next()).id]).toEqual([1, 2]);
});

test("an id in flight is refused, and the call that has it gets its answer", async () => {
  const server = await startSession();
  server.send(slowly(1, 300));
  server.send({ jsonrpc: "2.0", id: 1, method: "ping" });
  expect(await server.next()).toMatchObject({ id: null, error: { code: -32600 } });
  expect(await server.next()).toMatchObject({ id: 1, result: { structuredContent: { text: "call 1" } } });
  server.send({ jsonrpc: "2.0", id: 1, method: "ping" });
  expect(await server.next()).toMatchObject({ id: 1, result: {} });
});

test("a long call becomes a task for a client that takes tasks, and is fetched on the same connection", async () => {
  const server = startServer();
  const _meta = {
    "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
  };
  const ask = async (id: number, method: string, params: Record<string, unknown>) => {
    server.send(modernRequest(method, { ...params, _meta }, id).body);
    const answer = await server.next();
    expect(answer.id).toBe(id);
    return answer.result;
  };
  const call = { name: "echo_slowly", arguments: { steps: 10, stepMs: 20, text: "late" } };
  const created = await ask(1, "tools/call", call);
  expect(created).toMatchObject({ resultType: "task", status: "working" });
  const taskId = created?.taskId;
  let id = 2;
  await expect.poll(async () => (await ask(id++, "tasks/get", { taskId }))?.status).toBe("completed");
  expect(await ask(id, "tasks/get", { taskId })).toMatchObject({
    result: { structuredContent: { steps: 10, text: "late" } },
  });
});
