import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EchoFront, echoFront } from "../../../test/harness/echo-front.ts";
import { askMcp, openSession, postMcp, readAnswer } from "../../../test/harness/rpc.ts";
import { MemoryStore } from "../../state/memory-store.ts";
import { MemorySessionStore } from "./memory-store.ts";
import { SharedSessionStores } from "./shared-store.ts";
import type { SessionStores } from "./store.ts";

let openStore: () => SessionStores = () => new MemorySessionStore();
const opened: EchoFront[] = [];
function front(options: Parameters<typeof echoFront>[0] = {}): EchoFront {
  const created = echoFront({ sessionStore: openStore(), ...options });
  opened.push(created);
  return created;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

function slowly(id: number, steps: number, stepMs: number, progressToken?: string) {
  const _meta = progressToken === undefined ? {} : { progressToken };
  const params = { name: "echo_slowly", arguments: { steps, stepMs, text: `call ${id}` }, _meta };
  return { jsonrpc: "2.0", id, method: "tools/call", params };
}

const patient = { timeout: 10_000 };

/** Waits until the handler of call `id` runs. */
function hasBegun(server: EchoFront, id: number): Promise<void> {
  return expect.poll(() => server.begun(), patient).toContain(`call ${id}`);
}

function get(server: EchoFront, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  const init = { headers: { accept: "text/event-stream", ...headers }, ...(signal && { signal }) };
  return server.fetch(new Request("http://localhost/mcp", init));
}

const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

const shared = () => new SharedSessionStores({ items: new MemoryStore({ now: Date.now }), now: Date.now });

describe.each([
  {
    kind: "the process",
    open: () => new MemorySessionStore(),
    openShared: () => new MemorySessionStore({ shared: true }),
  },
  { kind: "a shared store", open: shared, openShared: shared },
])("sessions in $kind", ({ open, openShared }) => {
  beforeEach(() => {
    openStore = open;
  });

  test("a session is its owner's alone: to others it is not there", async () => {
    const server = front();
    const session = await openSession(server, "2025-11-25", { authorization: "ada" });
    expect((await postMcp(server, ping, session)).status).toBe(200);
    const stolen = { ...session, authorization: "mallory" };
    expect((await postMcp(server, ping, stolen)).status).toBe(404);
    expect((await get(server, stolen)).status).toBe(404);
    const ending = new Request("http://localhost/mcp", { method: "DELETE", headers: stolen });
    expect((await server.fetch(ending)).status).toBe(404);
    expect((await postMcp(server, ping, session)).status).toBe(200);
  });

  test("a session ends with DELETE, and its open streams with it", async () => {
    const server = front();
    const session = await openSession(server);
    const stream = await get(server, session);
    const ended = await server.fetch(
      new Request("http://localhost/mcp", { method: "DELETE", headers: session }),
    );
    expect(ended.status).toBe(200);
    expect(await stream.text()).toBe("");
    const after = await postMcp(server, ping, session);
    expect(after.status).toBe(404);
    expect(after.messages[0]?.error?.code).toBe(-32001);
  });

  test("a request without a session is told to begin one", async () => {
    const server = front();
    const { status, messages } = await postMcp(server, ping);
    expect(status).toBe(400);
    expect(messages[0]?.error?.message).toContain("initialize");
  });

  test("a client that never sends the version header is served the revision it began with", async () => {
    const server = front();
    const { "mcp-protocol-version": _left, ...session } = await openSession(server, "2025-03-26");
    expect((await postMcp(server, [ping], session)).messages).toMatchObject([{ id: 1, result: {} }]);
  });

  test("an unknown revision is answered with the newest legacy one", async () => {
    const server = front();
    const { messages } = await postMcp(server, {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "1999-01-01", capabilities: {}, clientInfo: { name: "old", version: "0" } },
    });
    expect(messages[0]?.result?.protocolVersion).toBe("2025-11-25");
  });

  test.each([["initialize sent twice in one session"], ["initialize in a batch"]])(
    "%s is refused",
    async (how) => {
      const server = front();
      const session = await openSession(server, "2025-03-26");
      const params = {
        protocolVersion: "2025-03-26",
        capabilities: {},
        clientInfo: { name: "c", version: "0" },
      };
      const again = { jsonrpc: "2.0", id: 2, method: "initialize", params };
      const inBatch = how.endsWith("batch");
      const { status, messages } = await postMcp(server, inBatch ? [again] : again, inBatch ? {} : session);
      expect(status).toBe(400);
      expect(messages[0]?.error?.code).toBe(-32600);
    },
  );

  test("an initialize that would fill the store is refused", async () => {
    const { status, messages } = await postMcp(front(), {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: {
        protocolVersion: "2025-11-25",
        capabilities: { experimental: { big: { x: "x".repeat(100_000) } } },
        clientInfo: { name: "big", version: "1" },
      },
    });
    expect([status, messages[0]?.error?.code]).toEqual([400, -32600]);
  });

  test("a client that does not take both kinds of answer is told so", async () => {
    const server = front();
    const session = await openSession(server);
    expect((await postMcp(server, ping, { ...session, accept: "application/json" })).status).toBe(406);
    expect((await get(server, { ...session, accept: "application/json" })).status).toBe(406);
  });

  test("a cancelled call ends without a response and its handler is stopped", async () => {
    const server = front();
    const session = await openSession(server);
    const call = postMcp(server, slowly(5, 500, 10), session);
    await hasBegun(server, 5);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 5 } };
    expect((await postMcp(server, cancel, session)).status).toBe(202);
    expect((await call).messages).toEqual([]);
    await expect.poll(() => server.faults(), patient).toEqual(["timeout"]);
  });

  test("a client that lost its stream comes back for the rest", async () => {
    const server = front();
    const session = await openSession(server);
    const leaving = new AbortController();
    const asked = new Request("http://localhost/mcp", {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...session,
      },
      body: JSON.stringify(slowly(6, 6, 120, "p")),
      signal: leaving.signal,
    });
    const response = await server.fetch(asked);
    const reader = response.body?.getReader();
    const begun = new TextDecoder().decode((await reader?.read())?.value);
    const lastEventId = /^id: (.*)$/m.exec(begun)?.[1] ?? "";
    expect(begun).toMatch(/^id: .*\nretry: \d+\ndata: \n\n/);
    await reader?.cancel();
    await sleep(300);
    const rest = await readAnswer(await get(server, { ...session, "last-event-id": lastEventId }));
    expect(rest.messages.at(-1)).toMatchObject({ id: 6, result: { structuredContent: { text: "call 6" } } });
    const progress = rest.messages.filter(({ method }) => method === "notifications/progress");
    expect(progress.length).toBeGreaterThan(1);
  });

  test("another session cannot read a stream by its event id", async () => {
    const server = front();
    const session = await openSession(server);
    const answer = await askMcp(server, "POST", session, slowly(1, 2, 20, "p"));
    const eventId = /^id: (.*)$/m.exec(await answer.text())?.[1] ?? "";
    expect(eventId).not.toBe("");
    const other = await openSession(server);
    expect((await get(server, { ...other, "last-event-id": eventId })).status).toBe(400);
  });

  test("where a client cannot come back, its leaving stops the call", async () => {
    const server = front();
    const session = await openSession(server, "2025-06-18");
    const leaving = new AbortController();
    const call = postMcp(server, slowly(5, 500, 10), session, leaving.signal);
    await hasBegun(server, 5);
    leaving.abort();
    await call.catch(() => {});
    await expect.poll(() => server.faults(), patient).toEqual(["timeout"]);
  });

  test("an answer that takes long becomes a stream, so that the client sees life", async () => {
    const server = front();
    const session = await openSession(server, "2025-06-18");
    const { headers, messages } = await postMcp(server, slowly(1, 1, 1_300), session);
    expect(headers.get("content-type")).toBe("text/event-stream");
    expect(messages).toMatchObject([{ id: 1 }]);
  });

  test("list changes reach the session's own stream, and a second stream takes its place", async () => {
    const server = front();
    const session = await openSession(server);
    const first = await get(server, session);
    const second = await get(server, session);
    expect(await first.text()).toBe("");
    server.notify.toolsChanged();
    const reader = second.body?.getReader();
    const event = new TextDecoder().decode((await reader?.read())?.value);
    expect(event).toContain('"method":"notifications/tools/list_changed"');
    await reader?.cancel();
  });

  test("the log level a client set holds for its later requests", async () => {
    const server = front();
    const session = await openSession(server);
    const fail = { jsonrpc: "2.0", id: 2, method: "tools/call", params: faulty };
    expect((await postMcp(server, fail, session)).messages).toHaveLength(1);
    const setLevel = { jsonrpc: "2.0", id: 3, method: "logging/setLevel", params: { level: "warning" } };
    expect((await postMcp(server, setLevel, session)).status).toBe(200);
    const { messages } = await postMcp(server, fail, session);
    expect(messages[0]).toMatchObject({
      method: "notifications/message",
      params: { level: "warning", data: { tool: "echo_fault", code: "denied" } },
    });
  });

  const faulty = { name: "echo_fault", arguments: { how: "denied" } };

  test("replicas that share a store serve each other's sessions", async () => {
    const sessionStore = openShared();
    const [one, two] = [front({ sessionStore }), front({ sessionStore })];
    const session = await openSession(one);
    expect((await postMcp(two, ping, session)).status).toBe(200);
    const call = postMcp(two, slowly(9, 500, 10), session);
    await hasBegun(two, 9);
    const cancel = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 9 } };
    await postMcp(one, cancel, session);
    expect((await call).messages).toEqual([]);
    await expect.poll(() => two.faults(), patient).toEqual(["timeout"]);
  });
});
