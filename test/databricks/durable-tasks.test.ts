import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../src/core/principal.ts";
import { createLake } from "../../src/lake/create-lake.ts";
import { createMcpFront, type McpFront } from "../../src/mcp/front.ts";
import { answerNumbers, databricksLakes, numbers } from "../harness/databricks-lake.ts";
import { askWithTasks } from "../harness/task-client.ts";

const lakes = databricksLakes();
const { lake, workspace } = await lakes.start();
afterAll(() => lakes.stop());
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
beforeEach(() => {
  answerNumbers(workspace);
  workspace.statements.script = () => ({ ...numbers, polls: 8 });
});

/** One more server with the same settings, as another process would be. */
function startServer(): { front: McpFront; stop(): Promise<void> } {
  const cache = { ...lake.settings.cache, dir: `${lake.settings.cache.dir}-${closing.length}` };
  const own = createLake({ ...lake.settings, cache });
  const front = createMcpFront({
    calls: { ...lake.calls, services: { lake: own } },
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    taskTimes: { afterMs: 30, timeoutMs: 60_000, keepMs: 60_000 },
    taskKey: "a secret that two servers have in common",
    authenticate: async ({ headers }) => ({
      ...localPrincipal,
      id: headers.get("authorization") ?? "nobody",
    }),
  });
  const stop = async () => {
    await front.close();
    await own.close();
  };
  closing.push(stop);
  return { front, stop };
}

const call = {
  name: "lake_query",
  arguments: { sql: "SELECT n FROM 'databricks://main.sales.orders'", engine: "databricks", limit: 3 },
};
const state = async (front: McpFront, taskId: unknown, as?: string) =>
  askWithTasks(front, "tasks/get", { taskId }, as);

test("a task of a warehouse's statement is answered for by another server when its own is gone", async () => {
  const [first, second] = [startServer(), startServer()];
  const { result } = await askWithTasks(first.front, "tools/call", call);
  const taskId = result?.taskId;
  expect(taskId).toMatch(/^1\./);
  await first.stop();
  expect((await state(second.front, taskId, "eve")).error).toMatchObject({ code: -32602 });
  await expect
    .poll(async () => (await state(second.front, taskId)).result?.status, { timeout: 20_000 })
    .toBe("completed");
  const done = (await state(second.front, taskId)).result;
  expect(done).toMatchObject({
    result: { structuredContent: { rows: [[0], [1], [2]], totalRows: 2_500, engine: "databricks" } },
  });
  expect(workspace.statements.all).toHaveLength(1);
  expect(workspace.requests.filter(({ path }) => path.endsWith("/cancel"))).toEqual([]);
});

test("and cancelled there", async () => {
  const [first, second] = [startServer(), startServer()];
  const { result } = await askWithTasks(first.front, "tools/call", call);
  await askWithTasks(second.front, "tasks/cancel", { taskId: result?.taskId });
  await expect.poll(async () => (await state(second.front, result?.taskId)).result?.status).toBe("cancelled");
  const cancels = () => workspace.requests.filter(({ path }) => path.endsWith("/cancel"));
  await expect.poll(() => cancels().length).toBe(1);
});
