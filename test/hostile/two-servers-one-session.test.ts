import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { SharedSessionStores } from "../../src/mcp/sessions/shared-store.ts";
import { DynamoDbStore } from "../../src/state/dynamodb-store.ts";
import { RedisStore } from "../../src/state/redis-store.ts";
import type { StateStore } from "../../src/state/store.ts";
import { dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import { echoFront } from "../harness/echo-front.ts";
import { redisProgram, startRedis } from "../harness/redis-server.ts";
import { askMcp, openSession, postMcp, readAnswer } from "../harness/rpc.ts";

beforeAll(() => {
  for (const [name, value] of Object.entries(dynamoDbEnvironment)) vi.stubEnv(name, value);
});
afterAll(() => void vi.unstubAllEnvs());

async function dynamodb() {
  const { table, endpoint, stop } = await startDynamoDb();
  return { open: (): StateStore => new DynamoDbStore({ table, endpoint }, Date.now), stop };
}

async function redis() {
  const { url, stop } = await startRedis(redisProgram ?? "");
  return { open: (): StateStore => new RedisStore({ url }), stop };
}

const call = (id: number, name: string, args: Record<string, unknown>) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args, _meta: { progressToken: "p" } },
});
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const missing = redisProgram === undefined ? " (skipped: no redis-server or valkey-server is in PATH)" : "";
describe.each([
  { kind: "dynamodb", start: dynamodb, isMissing: false },
  { kind: `redis${missing}`, start: redis, isMissing: redisProgram === undefined },
])("two servers over one $kind", ({ start, isMissing }) => {
  test.skipIf(isMissing)(
    "serve one session in turn, resume each other's streams and end together",
    async () => {
      const store = await start();
      const states = [store.open(), store.open()] as const;
      const serve = (items: StateStore) =>
        echoFront({ keepAliveMs: 200, sessionStore: new SharedSessionStores({ items, now: Date.now }) });
      const [one, two] = [serve(states[0]), serve(states[1])];
      const session = await openSession(one, "2025-11-25", { authorization: "ada" });
      expect((await postMcp(two, list, session)).messages[0]?.result?.tools).toBeDefined();
      for (const [index, server] of [one, two, one, two].entries()) {
        const { messages } = await postMcp(server, call(index, "echo_text", { text: `t${index}` }), session);
        expect(messages.at(-1)).toMatchObject({
          id: index,
          result: { structuredContent: { text: `t${index}` } },
        });
      }
      const other = { ...session, authorization: "mallory" };
      for (const server of [one, two]) expect((await postMcp(server, list, other)).status).toBe(404);

      const dropped = await askMcp(one, "POST", session, call(9, "echo_slowly", { steps: 8, stepMs: 150 }));
      const reader = dropped.body?.getReader();
      let seen = "";
      while (!seen.includes('"progress":2')) seen += new TextDecoder().decode((await reader?.read())?.value);
      await reader?.cancel();
      const lastEventId = [...seen.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
      const rest = await readAnswer(await askMcp(two, "GET", { ...session, "last-event-id": lastEventId }));
      const before = [...seen.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => JSON.parse(data));
      const all = [...before, ...rest.messages];
      expect(all.slice(0, -1).map(({ params }) => params?.progress)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(all.at(-1)).toMatchObject({ id: 9, result: { structuredContent: { steps: 8 } } });

      const stream = await askMcp(one, "GET", session);
      const running = askMcp(
        one,
        "POST",
        session,
        call(10, "echo_slowly", { steps: 500, stepMs: 50, text: "long" }),
      );
      await expect.poll(() => one.begun()).toContain("long");
      expect((await askMcp(two, "DELETE", session)).status).toBe(200);
      expect(await stream.text()).not.toContain("data");
      await running.then((answer) => answer.text());
      await expect.poll(() => one.faults(), { timeout: 5_000 }).toEqual(["timeout"]);
      for (const server of [one, two]) expect((await postMcp(server, list, session)).status).toBe(404);
      await Promise.all([one.close(), two.close()]);
      await store.stop();
      expect((await postMcp(one, list, session)).status).toBe(503);
      await Promise.all(states.map((state) => state.close()));
    },
    60_000,
  );
});
