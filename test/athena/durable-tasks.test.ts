import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { ToolError } from "../../src/core/errors.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { createLake } from "../../src/lake/create-lake.ts";
import type { Lake } from "../../src/lake/lake.ts";
import { createMcpFront, type McpFront } from "../../src/mcp/front.ts";
import { startAthenaLake } from "../harness/athena-lake.ts";
import { AwsFault } from "../harness/aws-json.ts";
import { askWithTasks, outputWithTasks } from "../harness/task-client.ts";

const lake = await startAthenaLake({ auto: true });
const opened: { front: McpFront; lake: Lake }[] = [];
const taskKey = "a secret that two servers have in common";

/** One more server with the same settings, as another process would be. */
function startServer(options: Partial<Parameters<typeof createMcpFront>[0]> = {}): McpFront {
  const cache = { ...lake.settings.cache, dir: `${lake.settings.cache.dir}-${opened.length}` };
  const own = createLake({ ...lake.settings, cache }, { athenaTimes: { firstMs: 1, mostMs: 5 } });
  const front = createMcpFront({
    calls: { ...lake.calls, services: { lake: own } },
    serverInfo: { name: "sluice-test", version: "0.0.0" },
    taskTimes: { afterMs: 30, timeoutMs: 60_000, keepMs: 60_000 },
    taskKey,
    authenticate: async ({ headers }) => {
      const [id = "", tenantId = "t"] = (headers.get("authorization") ?? "").split("@");
      return { ...localPrincipal, id, tenantId };
    },
    ...options,
  });
  opened.push({ front, lake: own });
  return front;
}
async function stopServer(front: McpFront): Promise<void> {
  const at = opened.findIndex((one) => one.front === front);
  const [found] = opened.splice(at, 1);
  await found?.front.close();
  await found?.lake.close();
}
afterEach(async () => {
  for (const { front } of [...opened]) await stopServer(front);
});
afterAll(() => lake.stop());
let before = 0;
/** Queries of this test. */
const executions = () => lake.athena.executions.slice(before);
beforeEach(() => {
  lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
  lake.athena.behaviour.disturb = () => undefined;
  before = lake.athena.executions.length;
});

const sql = "SELECT status, count(*) AS n FROM sales.orders GROUP BY status ORDER BY status";
const call = { name: "lake_query", arguments: { sql, engine: "athena", limit: 2 } };

async function begin(front: McpFront, params: Record<string, unknown> = call, as?: string): Promise<string> {
  const { result } = await askWithTasks(front, "tools/call", params, as);
  expect(result).toMatchObject({ resultType: "task", status: "working" });
  return String(result?.taskId);
}
const state = async (front: McpFront, taskId: string, as?: string) =>
  (await askWithTasks(front, "tasks/get", { taskId }, as)).result;
const letEnd = () => {
  lake.athena.behaviour.pollsToRun = 0;
};
async function completed(front: McpFront, taskId: string): Promise<Record<string, unknown>> {
  await expect.poll(async () => (await state(front, taskId))?.status, { timeout: 10_000 }).toBe("completed");
  return (await state(front, taskId))?.result as Record<string, unknown>;
}

describe("a task of a query in Athena", () => {
  test("is answered for by another server, with the very result, whose cursor goes on there", async () => {
    const [first, second] = [startServer(), startServer()];
    const taskId = await begin(first);
    expect(taskId).toMatch(/^1\.[\w-]+$/);
    expect(await state(second, taskId)).toMatchObject({
      status: "working",
      statusMessage: expect.stringContaining("Athena: running"),
    });
    letEnd();
    const [here, there] = [await completed(first, taskId), await completed(second, taskId)];
    expect(there).toEqual(here);
    expect(there).toMatchObject({
      structuredContent: {
        rows: [
          [0, 6667],
          [1, 6667],
        ],
        truncated: true,
        engine: "athena",
      },
    });
    expect(executions()).toHaveLength(1);
    const { cursor } = there.structuredContent as { cursor: string };
    const next = await outputWithTasks(second, { ...call, arguments: { ...call.arguments, cursor } });
    expect(next).toMatchObject({ rows: [[2, 6666]], truncated: false });
  });

  test("goes on when its server is stopped, and is done on the next one", async () => {
    const first = startServer();
    const taskId = await begin(first);
    await stopServer(first);
    expect(executions()).toMatchObject([{ stops: 0 }]);
    letEnd();
    expect(await completed(startServer(), taskId)).toMatchObject({ structuredContent: { engine: "athena" } });
    expect(executions()).toHaveLength(1);
  });

  test("without a key ends with its server, which stops the query", async () => {
    const first = startServer({ taskKey: undefined });
    const taskId = await begin(first);
    expect(taskId).toMatch(/^[\w-]{43}$/);
    await stopServer(first);
    expect(executions()).toMatchObject([{ stops: 1 }]);
    expect((await askWithTasks(startServer(), "tasks/get", { taskId })).error).toMatchObject({
      code: -32602,
    });
  });

  test("is cancelled from another server, which stops the query", async () => {
    const [first, second, third] = [startServer(), startServer(), startServer()];
    const taskId = await begin(first);
    await askWithTasks(second, "tasks/cancel", { taskId });
    for (const one of [first, second, third])
      await expect.poll(async () => (await state(one, taskId))?.status).toBe("cancelled");
    expect(executions()).toMatchObject([{ stops: 1 }]);
  });

  test("that has ended is not cancelled any more, by whomever", async () => {
    const [first, second] = [startServer(), startServer()];
    const taskId = await begin(first);
    letEnd();
    await completed(first, taskId);
    await askWithTasks(second, "tasks/cancel", { taskId });
    expect(await state(second, taskId)).toMatchObject({ status: "completed" });
    expect(executions()).toMatchObject([{ stops: 0 }]);
  });

  test("that fails is the same fault on every server", async () => {
    const [first, second] = [startServer(), startServer()];
    const taskId = await begin(first);
    lake.athena.behaviour.fail = {
      State: "FAILED",
      AthenaError: { ErrorCategory: 2, ErrorMessage: "COLUMN_NOT_FOUND: line 1:8" },
    };
    letEnd();
    try {
      const [here, there] = [await completed(first, taskId), await completed(second, taskId)];
      expect(there).toMatchObject({ isError: true });
      expect(there).toEqual(here);
    } finally {
      lake.athena.behaviour.fail = undefined;
    }
  });

  test("that auto handed over says so on every server", async () => {
    const [first, second] = [startServer(), startServer()];
    const handed = { name: "lake_query", arguments: { sql: "SELECT count(*) AS n FROM sales.orders" } };
    const taskId = await begin(first, handed);
    letEnd();
    expect(await completed(second, taskId)).toEqual(await completed(first, taskId));
  });

  test("is asked for again where the server that is asked has no place for a call at first", async () => {
    const taskId = await begin(startServer());
    letEnd();
    let refusals = 2;
    const limiter = {
      admit: async () => {
        if (refusals-- > 0) throw new ToolError("throttled", "Too many calls.");
        return () => {};
      },
    };
    const calls = { ...lake.calls, steps: { ...lake.calls.steps, limiter } };
    // The calls of this front go to the lake of the test itself.
    const busy = startServer({ calls });
    expect(await state(busy, taskId)).toMatchObject({ status: "working" });
    expect(await completed(busy, taskId)).toMatchObject({ structuredContent: { engine: "athena" } });
  });

  test("is not stopped by a server that AWS does not tell of it for a while", async () => {
    const first = startServer();
    const taskId = await begin(first);
    await stopServer(first);
    const second = startServer();
    lake.athena.behaviour.disturb = ({ operation }) =>
      operation === "GetQueryExecution" ? new AwsFault("InternalServerException", "later") : undefined;
    await expect
      .poll(async () => (await state(second, taskId))?.statusMessage, { timeout: 20_000 })
      .toContain("could not answer");
    expect(await state(second, taskId)).toMatchObject({ status: "working" });
    lake.athena.behaviour.disturb = () => undefined;
    expect(executions()).toMatchObject([{ stops: 0 }]);
    letEnd();
    expect(await completed(second, taskId)).toMatchObject({ structuredContent: { engine: "athena" } });
  }, 60_000);

  test("is looked for by many at once, and taken up once", async () => {
    const [first, second] = [startServer(), startServer()];
    const taskId = await begin(first);
    const seen = await Promise.all(Array.from({ length: 10 }, () => state(second, taskId)));
    expect(new Set(seen.map((one) => one?.status))).toEqual(new Set(["working"]));
    letEnd();
    await completed(second, taskId);
  });
});

describe("an id is good for nothing", () => {
  const none = async (front: McpFront, taskId: string, as?: string) => {
    lake.athena.requests.length = 0;
    for (const method of ["tasks/get", "tasks/cancel", "tasks/update"]) {
      const { error } = await askWithTasks(front, method, { taskId }, as);
      expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("not found") });
    }
    // Of the server that is asked; the first one goes on looking at its query.
    expect(executions()).toMatchObject([{ stops: 0 }]);
  };

  test.each(["eve", "ada@other"])("to %s, who did not call", async (as) => {
    const [first, second] = [startServer(), startServer()];
    const taskId = await begin(first);
    await none(second, taskId, as);
    await none(first, taskId, as);
  });

  test("when a character of it was altered", async () => {
    const [first, second] = [startServer(), startServer()];
    const taskId = await begin(first);
    for (const at of [2, 20, Math.floor(taskId.length / 2), taskId.length - 3]) {
      const other = taskId[at] === "A" ? "B" : "A";
      await none(second, `${taskId.slice(0, at)}${other}${taskId.slice(at + 1)}`);
    }
    await none(second, taskId.slice(2));
  });

  test("when it has expired", async () => {
    const first = startServer();
    const taskId = await begin(first);
    const calls = { ...lake.calls, now: () => Date.now() + 120_001 };
    await none(startServer({ calls }), taskId);
  });

  test("on a server with another key", async () => {
    const first = startServer();
    await none(startServer({ taskKey: `${taskKey}!` }), await begin(first));
  });

  test("where the tool may not be seen any more", async () => {
    const taskId = await begin(startServer());
    const steps = { ...lake.calls.steps, policy: { ...lake.calls.steps.policy, visible: () => false } };
    await none(startServer({ calls: { ...lake.calls, steps } }), taskId);
  });

  test("and says nothing of what it holds", async () => {
    const taskId = await begin(startServer());
    const held = Buffer.from(taskId.slice(2), "base64url").toString("latin1");
    for (const word of ["sales", "ada", "athena", executions()[0]?.id ?? "?"])
      expect(held).not.toContain(word);
  });
});

test("a table that is no longer allowed is not read by a task begun before", async () => {
  const taskId = await begin(startServer());
  letEnd();
  const athena = lake.settings.athena && { ...lake.settings.athena, tables: [] };
  const cache = { ...lake.settings.cache, dir: `${lake.settings.cache.dir}-narrow` };
  const narrow = createLake({ ...lake.settings, athena, cache }, { athenaTimes: { firstMs: 1, mostMs: 5 } });
  const front = startServer({ calls: { ...lake.calls, services: { lake: narrow } } });
  try {
    expect(await completed(front, taskId)).toMatchObject({
      isError: true,
      structuredContent: { code: "denied" },
    });
  } finally {
    await narrow.close();
  }
});

test("a statement too long for an id is a task of its server alone", async () => {
  const many = Array.from({ length: 3_000 }, () => Math.floor(Math.random() * 1e9)).join(", ");
  const long = `SELECT count(*) FROM sales.orders WHERE id IN (${many})`;
  const taskId = await begin(startServer(), {
    name: "lake_query",
    arguments: { sql: long, engine: "athena" },
  });
  expect(taskId).toMatch(/^[\w-]{43}$/);
});

test("a query that is being prepared is waited for, so that its task has its name", async () => {
  const front = startServer({ taskTimes: { afterMs: 0, timeoutMs: 60_000, keepMs: 60_000 } });
  expect(await begin(front)).toMatch(/^1\./);
});
