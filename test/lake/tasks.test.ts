import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { modernRequest, postMcp } from "../harness/rpc.ts";

let lake: TestLake;
let adapter: HttpAdapter;

beforeAll(async () => {
  lake = await startTestLake();
  const front = createMcpFront({
    calls: lake.calls,
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    taskTimes: { afterMs: 50, timeoutMs: 60_000, keepMs: 60_000 },
  });
  adapter = createHttpAdapter({ front, calls: lake.calls });
});
afterAll(async () => {
  await adapter.close();
  await lake.stop();
});

const _meta = {
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

async function ask(method: string, params: Record<string, unknown>) {
  const { body, headers } = modernRequest(method, { ...params, _meta });
  const { messages } = await postMcp(adapter, body, headers);
  return messages.at(-1)?.result;
}

const call = (sql: string) => ask("tools/call", { name: "lake_query", arguments: { sql } });
const state = (taskId: unknown) => ask("tasks/get", { taskId });

test("a long query is a task whose rows another request gets", async () => {
  const created = await call("SELECT count(*) AS n FROM range(300000000) t(i) WHERE i % 7 = 3");
  expect(created).toMatchObject({ resultType: "task", status: "working" });
  await expect
    .poll(async () => (await state(created?.taskId))?.status, { timeout: 30_000 })
    .toBe("completed");
  expect(await state(created?.taskId)).toMatchObject({
    result: { structuredContent: { rows: [[42_857_143]], untrusted: ["columns", "rows"] } },
  });
}, 60_000);

test("a cancelled query gives its worker back", async () => {
  const created = await call("SELECT count(*) FROM range(1000000000000) a");
  expect(created).toMatchObject({ resultType: "task" });
  await ask("tasks/cancel", { taskId: created?.taskId });
  await expect.poll(async () => (await state(created?.taskId))?.status).toBe("cancelled");
  // There is one worker: it would still be at the other query.
  expect(await lake.output("lake_query", { sql: "SELECT 1 AS one" })).toMatchObject({ rows: [[1]] });
}, 60_000);
