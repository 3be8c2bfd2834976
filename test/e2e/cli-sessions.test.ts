import { afterAll, beforeAll, expect, test } from "vitest";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { dynamoDbEnvironment, startDynamoDb } from "../harness/dynamodb-server.ts";
import { openSession, postMcp } from "../harness/rpc.ts";

let user: CliHome;
beforeAll(async () => {
  user = await createCliHome();
});
afterAll(() => user.remove());

async function startServer(env: Record<string, string>) {
  const run = user.start(["serve", "--port", "0"], { env });
  const [, url = ""] = await run.waitFor(/serves MCP on (http:\S+\/mcp)/);
  return {
    fetch: async (request: Request) => fetch(new Request(url, request)),
    async stop() {
      run.child.kill("SIGTERM");
      await run.ended;
    },
  };
}

test("two processes over one store serve one session, and outlive the one that opened it", async () => {
  const { table, endpoint, stop } = await startDynamoDb();
  const env = {
    ...dynamoDbEnvironment,
    SLUICE_STATE_STORE: "dynamodb",
    SLUICE_STATE_DYNAMODB_TABLE: table,
    SLUICE_STATE_DYNAMODB_ENDPOINT: endpoint,
    SLUICE_LOG_LEVEL: "silent",
  };
  const [one, two] = await Promise.all([startServer(env), startServer(env)]);
  const session = await openSession(one, "2025-06-18");
  const call = (id: number) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name: "lake_list_sources", arguments: {} },
  });
  for (const [id, server] of [one, two, one, two].entries()) {
    const { status, messages } = await postMcp(server, call(id), session);
    expect([status, messages.at(-1)?.id]).toEqual([200, id]);
  }
  await one.stop();
  expect((await postMcp(two, call(9), session)).status).toBe(200);
  const ended = await two.fetch(new Request("http://localhost/mcp", { method: "DELETE", headers: session }));
  expect(ended.status).toBe(200);
  expect((await postMcp(two, call(10), session)).status).toBe(404);
  await two.stop();
  await stop();
}, 60_000);
