import { expect, test, vi } from "vitest";
import { MemorySessionStore } from "../../src/mcp/sessions/memory-store.ts";
import { SharedSessionStores } from "../../src/mcp/sessions/shared-store.ts";
import { createBreakers } from "../../src/resilience/breakers.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { openStateStore } from "../../src/state/open-store.ts";
import { dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import { echoFront } from "../harness/echo-front.ts";
import { openSession, postMcp } from "../harness/rpc.ts";

const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

test("a flood of initialize ends no session that is used", async () => {
  const front = echoFront({ sessionStore: new MemorySessionStore({ maxPerOwner: 20 }) });
  const session = await openSession(front);
  expect((await postMcp(front, ping, session)).status).toBe(200);
  for (let count = 0; count < 60; count++) await openSession(front);
  expect((await postMcp(front, ping, session)).status).toBe(200);
  await front.close();
});

test("where all sessions are used a further one is told to come back", async () => {
  const front = echoFront({ sessionStore: new MemorySessionStore({ maxPerOwner: 2 }) });
  for (let count = 0; count < 2; count++) await postMcp(front, ping, await openSession(front));
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } };
  const refused = await postMcp(front, { jsonrpc: "2.0", id: 7, method: "initialize", params });
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("60");
  expect(refused.headers.has("mcp-session-id")).toBe(false);
  expect(refused.messages).toMatchObject([{ id: 7, error: { code: -32000 } }]);
  await front.close();
});

test("without its store a session is told to come back in a second, and once that is cut off, when it is asked again", async () => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
  const { table, endpoint, stop } = await startDynamoDb();
  const settings = { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 30_000 };
  const guard = createBreakers({ settings, now: () => 0 });
  const items = openStateStore(
    { store: "dynamodb", dynamodb: { table, endpoint } },
    { now: Date.now, guard },
  );
  const front = echoFront({ sessionStore: new SharedSessionStores({ items, now: Date.now }) });
  const session = await openSession(front);
  expect((await postMcp(front, ping, session)).status).toBe(200);
  await stop();
  const answers = [];
  for (let count = 0; count < 7; count++) answers.push(await postMcp(front, ping, session));
  expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(503));
  expect(answers.map(({ headers }) => headers.get("retry-after"))).toEqual([
    ...Array(5).fill("1"),
    ...["60", "60"],
  ]);
  await front.close();
  await items.close();
  vi.unstubAllEnvs();
});

test("a request id that is in flight is refused by the server that runs it; another one answers both apart", async () => {
  const items = Object.assign(new MemoryStore({ now: Date.now }), { isShared: true });
  const serve = () => echoFront({ sessionStore: new SharedSessionStores({ items, now: Date.now }) });
  const [one, two] = [serve(), serve()];
  const session = await openSession(one);
  const call = (name: string, args: Record<string, unknown>) => ({
    ...{ jsonrpc: "2.0", id: 5, method: "tools/call" },
    params: { name, arguments: args },
  });
  const first = postMcp(one, call("echo_slowly", { steps: 15, stepMs: 100 }), session);
  await vi.waitFor(async () =>
    expect(await postMcp(one, call("echo_text", { text: "again" }), session)).toMatchObject({ status: 400 }),
  );
  const second = await postMcp(two, call("echo_text", { text: "elsewhere" }), session);
  expect(second.messages).toMatchObject([
    { id: 5, result: { content: [{ text: expect.stringContaining("elsewhere") }] } },
  ]);
  const ended = (await first).messages.at(-1);
  expect(ended).toMatchObject({ id: 5, result: {} });
  expect(JSON.stringify(ended)).not.toContain("elsewhere");
  await Promise.all([one.close(), two.close()]);
});
