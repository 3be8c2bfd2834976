import { expect, test } from "vitest";
import { MemorySessionStore } from "../../src/mcp/sessions/memory-store.ts";
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
