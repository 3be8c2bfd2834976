import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { ToolError } from "../../src/core/errors.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import type { CallSteps } from "../../src/core/steps.ts";
import { createLake } from "../../src/lake/create-lake.ts";
import type { LakeSettings } from "../../src/lake/settings.ts";
import { createMcpFront, type McpFront } from "../../src/mcp/front.ts";
import { MemoryTaskStore } from "../../src/mcp/tasks/memory-store.ts";
import { answerNumbers, databricksLakes, numbers } from "../harness/databricks-lake.ts";
import { failing } from "../harness/databricks-server.ts";
import { askWithTasks } from "../harness/task-client.ts";

const lakes = databricksLakes();
const { lake, workspace } = await lakes.start();
afterAll(() => lakes.stop());
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
beforeEach(() => {
  workspace.requests.length = 0;
  answerNumbers(workspace);
  workspace.statements.script = () => ({ ...numbers, polls: 8 });
});

/** One more server with the same settings, as another process would be. */
function startServer(
  options: Partial<Parameters<typeof createMcpFront>[0]> & {
    databricks?: Partial<NonNullable<LakeSettings["databricks"]>>;
    limiter?: CallSteps["limiter"];
  } = {},
): { front: McpFront; stop(): Promise<void> } {
  const cache = { ...lake.settings.cache, dir: `${lake.settings.cache.dir}-${closing.length}` };
  const { databricks, limiter, ...more } = options;
  const own = createLake({
    ...lake.settings,
    cache,
    ...(lake.settings.databricks ? { databricks: { ...lake.settings.databricks, ...databricks } } : {}),
  });
  const steps = { ...lake.calls.steps, ...(limiter ? { limiter } : {}) };
  const front = createMcpFront({
    calls: { ...lake.calls, steps, services: { lake: own } },
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    taskTimes: { afterMs: 30, timeoutMs: 60_000, keepMs: 60_000 },
    taskKey: "a secret that two servers have in common",
    authenticate: async ({ headers }) => ({
      ...localPrincipal,
      id: headers.get("authorization") ?? "nobody",
    }),
    ...more,
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
  // How long it took in all, the second one does not know.
  expect(done).toMatchObject({ result: { structuredContent: { execution: { id: expect.any(String) } } } });
  expect(JSON.stringify(done)).not.toContain("durationMs");
  expect(workspace.statements.all).toHaveLength(1);
  expect(workspace.requests.filter(({ path }) => path.endsWith("/cancel"))).toEqual([]);
});

const cancels = () => workspace.requests.filter(({ path }) => path.endsWith("/cancel"));

test("and cancelled there, as every server then finds it", async () => {
  workspace.statements.script = () => ({ ...numbers, polls: 1_000 });
  const [first, second, third] = [startServer(), startServer(), startServer()];
  const { result } = await askWithTasks(first.front, "tools/call", call);
  await askWithTasks(second.front, "tasks/cancel", { taskId: result?.taskId });
  expect(cancels()).toHaveLength(1);
  for (const { front } of [first, second, third])
    await expect
      .poll(async () => (await state(front, result?.taskId)).result, { timeout: 10_000 })
      .toMatchObject({ status: "cancelled" });
  expect(cancels()).toHaveLength(1);
});

describe("is cancelled where no call can be begun for it", () => {
  const throttled = new ToolError("throttled", "The quota of the day is used up.");
  test.each<[string, Parameters<typeof startServer>[0]]>([
    ["for want of room", { taskStore: new MemoryTaskStore({ now: Date.now, maxTasks: 0 }) }],
    ["for a quota", { limiter: { admit: async () => Promise.reject(throttled) } }],
    ["as its table is no longer allowed", { databricks: { allow: [["main", "other"]] } }],
  ])("%s", async (_why, options) => {
    workspace.statements.script = () => ({ ...numbers, polls: 1_000 });
    const [first, second] = [startServer(), startServer(options)];
    const { result } = await askWithTasks(first.front, "tools/call", call);
    await first.stop();
    const eve = await askWithTasks(second.front, "tasks/cancel", { taskId: result?.taskId }, "eve");
    expect(eve.error).toMatchObject({ code: -32602 });
    expect(cancels()).toEqual([]);
    const answer = await askWithTasks(second.front, "tasks/cancel", { taskId: result?.taskId });
    expect(answer.error).toBeUndefined();
    expect(cancels()).toHaveLength(1);
  });

  test("and is told where that fails", async () => {
    workspace.statements.script = () => ({ ...numbers, polls: 1_000 });
    const [first, second] = [startServer(), startServer()];
    const { result } = await askWithTasks(first.front, "tools/call", call);
    await first.stop();
    workspace.faults = [failing(/cancel$/, 99, 403, { error_code: "PERMISSION_DENIED" })];
    try {
      const { error } = await askWithTasks(second.front, "tasks/cancel", { taskId: result?.taskId });
      expect(error).toMatchObject({ code: -32603, message: expect.stringContaining("may go on") });
    } finally {
      workspace.faults = [];
    }
  });
});

test("a server that has no place for it says so, and does not try with every question", async () => {
  let tries = 0;
  const admit = async () => {
    tries++;
    throw new ToolError("throttled", "The quota of the day is used up.", {
      details: { retryAfterMs: 3_000_000 },
    });
  };
  const [first, second] = [startServer(), startServer({ limiter: { admit } })];
  const { result } = await askWithTasks(first.front, "tools/call", call);
  await first.stop();
  for (let turn = 0; turn < 4; turn++) {
    expect((await state(second.front, result?.taskId)).result).toMatchObject({
      status: "working",
      statusMessage: "The quota of the day is used up.",
    });
  }
  expect(tries).toBe(1);
});

test("a server that cannot see the statement for a while goes on when it can", async () => {
  const [first, second] = [startServer(), startServer()];
  const { result } = await askWithTasks(first.front, "tools/call", call);
  await first.stop();
  workspace.faults = [failing(/statements\/[^/]+$/, 4, 503, { error_code: "TEMPORARILY_UNAVAILABLE" })];
  await expect
    .poll(async () => (await state(second.front, result?.taskId)).result?.status, { timeout: 30_000 })
    .toBe("completed");
  expect((await state(second.front, result?.taskId)).result).toMatchObject({
    result: { structuredContent: { totalRows: 2_500 } },
  });
  expect(cancels()).toEqual([]);
}, 40_000);
