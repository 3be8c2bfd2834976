import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import { serveStdio } from "../../src/adapters/stdio.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import type { LimitSettings } from "../../src/limits/settings.ts";
import { createMcpFront, type McpFrontOptions } from "../../src/mcp/front.ts";
import { usualLimits } from "../harness/limited.ts";
import { modernRequest, openSession, type RpcMessage } from "../harness/rpc.ts";
import {
  type Asked,
  askApart,
  countingCalls,
  type StreamServer,
  serveStreams,
} from "../harness/stream-server.ts";

const patient = { timeout: 20_000 };
const opened: StreamServer[] = [];
const asked: Asked[] = [];
afterEach(async () => {
  for (const one of asked.splice(0)) one.leave();
  await Promise.all(opened.splice(0).map(({ adapter }) => adapter.close()));
});

async function serve(settings: Partial<LimitSettings> = {}, options: Partial<McpFrontOptions> = {}) {
  const server = await serveStreams(settings, options);
  opened.push(server);
  return server;
}

async function ask(...given: Parameters<typeof askApart>): Promise<Asked> {
  const answer = await askApart(...given);
  asked.push(answer);
  return answer;
}

const everyChange = { notifications: { toolsListChanged: true } };

function listen(server: StreamServer, authorization = "ann", params: Record<string, unknown> = everyChange) {
  const { body, headers } = modernRequest("subscriptions/listen", params);
  return ask(server, "POST", { authorization, ...headers }, body);
}

const session = ({ adapter }: StreamServer, authorization = "ann") =>
  openSession(adapter, "2025-11-25", { authorization });

async function times<T>(count: number, begin: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  for (let index = 0; index < count; index++) all.push(await begin());
  return all;
}

const statusesOf = (answers: readonly Asked[]) => answers.map(({ status }) => status);

async function errorIn(answer: Asked | undefined): Promise<RpcMessage["error"]> {
  return JSON.parse((await answer?.rest()) ?? "{}").error;
}

test("a caller has sixteen streams of either era, one more is throttled, and others have theirs", async () => {
  const server = await serve();
  const [first, ...more] = await times(10, () => listen(server));
  const sessions = await times(7, () => session(server));
  const streams = await Promise.all(sessions.slice(0, 6).map((headers) => ask(server, "GET", headers)));
  expect(statusesOf([...more, ...streams])).toEqual(Array(15).fill(200));
  expect(server.open()).toBe(16);
  const refused = [await listen(server), await ask(server, "GET", sessions[6] ?? {})];
  expect(statusesOf(refused)).toEqual([429, 429]);
  expect(refused.map(({ response }) => response.headers["retry-after"])).toEqual(["30", "30"]);
  for (const answer of refused) {
    expect(await errorIn(answer)).toEqual({
      code: -32000,
      message: expect.stringContaining("16 event streams"),
      data: {
        code: "throttled",
        message: expect.any(String),
        retryable: true,
        details: { limit: "streams", retryAfterMs: 30_000, streamsPerPrincipal: 16 },
        correlationId: expect.any(String),
      },
    });
  }
  expect((await listen(server, "bob")).status).toBe(200);
  first?.leave();
  await expect.poll(server.open, patient).toBe(16);
  expect((await ask(server, "GET", sessions[6] ?? {})).status).toBe(200);
});

test("what is refused is logged and on record once, by the id that its caller was told", async () => {
  const server = await serve({ streamsPerPrincipal: 1 });
  const headers = await session(server);
  await listen(server);
  const refused = [await listen(server), await ask(server, "GET", headers)];
  const data = await Promise.all(refused.map(async (answer) => (await errorIn(answer))?.data));
  const ids = z.array(z.object({ correlationId: z.string() })).parse(data);
  for (const told of [server.logged, server.audited]) {
    expect(told).toMatchObject(ids.map((id) => ({ code: "throttled", ...id })));
    expect(told[0]).toMatchObject({ principal: { id: "ann" }, reason: expect.stringContaining("streams") });
  }
});

test("all callers together have as many streams as the process keeps", async () => {
  const server = await serve({ streams: 3 });
  const streams = await Promise.all(["ann", "bob", "cid"].map((name) => listen(server, name)));
  expect(statusesOf(streams)).toEqual([200, 200, 200]);
  const refused = await listen(server, "dan");
  expect(refused.status).toBe(429);
  expect((await errorIn(refused))?.data).toMatchObject({ code: "throttled", details: { streams: 3 } });
  streams[1]?.leave();
  await expect.poll(server.open, patient).toBe(2);
  expect((await listen(server, "dan")).status).toBe(200);
});

test("twenty streams of one session are one: each takes the place of the one before", async () => {
  const server = await serve({ streamsPerPrincipal: 1 });
  const headers = await session(server);
  const streams = await times(20, () => ask(server, "GET", headers));
  expect(statusesOf(streams)).toEqual(Array(20).fill(200));
  expect(server.open()).toBe(1);
  await Promise.all(streams.slice(0, 19).map((stream) => stream.rest()));
  server.front.notify.toolsChanged();
  await expect.poll(() => streams[19]?.text(), patient).toContain("notifications/tools/list_changed");
  expect(server.open()).toBe(1);
});

test("a session that is deleted gives its stream's place back", async () => {
  const server = await serve({ streamsPerPrincipal: 1 });
  const headers = await session(server);
  const stream = await ask(server, "GET", headers);
  expect((await listen(server)).status).toBe(429);
  expect((await ask(server, "DELETE", headers)).status).toBe(200);
  await stream.rest();
  expect(server.open()).toBe(0);
  expect((await listen(server)).status).toBe(200);
});

test("streams of clients that break off, a hundred times over, leave nothing behind", async () => {
  const server = await serve({ streams: 10 });
  const headers = await session(server);
  for (let round = 0; round < 20; round++) {
    const streams = await Promise.all([
      ...["ann", "bob", "ann", "bob"].map((name) => listen(server, name)),
      ask(server, "GET", headers),
    ]);
    expect(statusesOf(streams)).toEqual(Array(5).fill(200));
    for (const stream of streams) stream.leave();
    await expect.poll(server.open, patient).toBe(0);
  }
});

test("a server that closes ends all streams, and their places with them", async () => {
  const server = await serve();
  const streams = [await listen(server), await ask(server, "GET", await session(server))];
  expect(server.open()).toBe(2);
  await server.front.close();
  expect(server.open()).toBe(0);
  await Promise.all(streams.map((stream) => stream.rest()));
});

test("a stream that never begins takes no place", async () => {
  const server = await serve({ streamsPerPrincipal: 1 });
  const odd = [
    {},
    { notifications: 7 },
    { notifications: {} },
    { notifications: { toolsListChanged: false } },
  ];
  for (const params of odd) await (await listen(server, "ann", params)).rest();
  const { body } = modernRequest("subscriptions/listen", everyChange);
  const { headers } = modernRequest("tools/list");
  expect((await ask(server, "POST", { authorization: "ann", ...headers }, body)).status).toBe(400);
  const strange = { ...(await session(server)), "mcp-session-id": "none" };
  expect((await ask(server, "GET", strange)).status).toBe(404);
  expect(server.open()).toBe(0);
  expect((await listen(server)).status).toBe(200);
});

test("a client that comes back for the rest of an answer has a stream until that ends", async () => {
  const server = await serve({ streamsPerPrincipal: 1 });
  const headers = await session(server);
  const params = {
    name: "echo_slowly",
    arguments: { steps: 30, stepMs: 100 },
    _meta: { progressToken: "p" },
  };
  const call = await ask(server, "POST", headers, { jsonrpc: "2.0", id: 4, method: "tools/call", params });
  await expect.poll(call.text, patient).toMatch(/^id: .+$/m);
  const [, id = ""] = /^id: (.*)$/m.exec(call.text()) ?? [];
  expect(server.open(), "the answer of a call is bounded with the call").toBe(0);
  call.leave();
  const resumed = await ask(server, "GET", { ...headers, "last-event-id": id });
  expect([resumed.status, server.open()]).toEqual([200, 1]);
  expect((await ask(server, "GET", { ...headers, "last-event-id": id })).status).toBe(429);
  expect(await resumed.rest()).toContain('"id":4');
  expect(server.open()).toBe(0);
});

test("whoever proves nothing is bound with all others, and to a caller's streams where somebody set that", async () => {
  const authenticate = async () => localPrincipal;
  const free = await serve({ streams: 20 }, { authenticate });
  expect(statusesOf(await times(21, () => listen(free)))).toEqual([...Array(20).fill(200), 429]);
  const local = { ...usualLimits.local, streams: true };
  const bound = await serve({ streamsPerPrincipal: 2, local }, { authenticate });
  expect(statusesOf(await times(3, () => listen(bound)))).toEqual([200, 200, 429]);
});

test("the subscriptions of a stdio connection are counted too, until they are cancelled or it ends", async () => {
  const { calls, open, logged } = countingCalls({ streams: 2 });
  const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0" } });
  const [stdin, stdout] = [new PassThrough(), new PassThrough().setEncoding("utf8")];
  const adapter = serveStdio({ front, stdin, stdout });
  let text = "";
  stdout.on("data", (chunk) => {
    text += chunk;
  });
  const messages = () => text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
  const send = (message: unknown) => stdin.write(`${JSON.stringify(message)}\n`);
  const subscribe = (id: number) => send(modernRequest("subscriptions/listen", everyChange, id).body);
  subscribe(1);
  subscribe(2);
  await expect.poll(() => messages().length, patient).toBe(2);
  subscribe(3);
  await expect.poll(() => messages().length, patient).toBe(3);
  expect(messages()[2]).toMatchObject({
    id: 3,
    error: { data: { code: "throttled", details: { limit: "streams", streams: 2 } } },
  });
  expect(logged).toMatchObject([{ code: "throttled", reason: messages()[2].error.message }]);
  send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
  await expect.poll(open, patient).toBe(1);
  subscribe(4);
  await expect.poll(() => messages().length, patient).toBe(4);
  expect(messages()[3]).toMatchObject({ method: "notifications/subscriptions/acknowledged" });
  expect(open()).toBe(2);
  stdin.end();
  await adapter.closed;
  await expect.poll(open, patient).toBe(0);
  await adapter.close();
});
