import { afterAll, beforeAll, expect, test } from "vitest";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { type CliHome, createCliHome } from "../harness/cli-home.ts";
import { askWithTasks, outputWithTasks } from "../harness/task-client.ts";

let user: CliHome;
let lake: AthenaLake;
beforeAll(async () => {
  user = await createCliHome();
  lake = await startAthenaLake();
});
afterAll(async () => {
  await user.remove();
  await lake.stop();
});

/** A server process of its own, and its MCP endpoint. */
async function serve() {
  const run = user.start(["serve", "--port", "0", "--json"], {
    env: {
      AWS_ACCESS_KEY_ID: "AKIATEST",
      AWS_SECRET_ACCESS_KEY: "test",
      SLUICE_LAKE_ATHENA_WORKGROUP: "agents",
      SLUICE_LAKE_ATHENA_TABLES: "sales.*",
      SLUICE_LAKE_ATHENA_REGION: "eu-west-1",
      SLUICE_LAKE_ATHENA_ENDPOINT: lake.athena.endpoint,
      SLUICE_TASKS_AFTER_MS: "50",
      SLUICE_TASKS_KEY: "a secret that two processes have in common",
    },
  });
  const [, url = ""] = await run.waitFor(/"url":"(http:[^"]+\/mcp)"/);
  const front = { fetch: (request: Request) => fetch(new Request(url, request)) };
  const ask = async (method: string, params: Record<string, unknown>) =>
    (await askWithTasks(front, method, params)).result;
  return { run, front, ask };
}
type Server = Awaited<ReturnType<typeof serve>>;

const sql = "SELECT status, count(*) AS n FROM sales.orders GROUP BY status ORDER BY status";
const call = { name: "lake_query", arguments: { sql, engine: "athena", limit: 2 } };
const state = async ({ ask }: Server, taskId: unknown) => (await ask("tasks/get", { taskId })) ?? {};

async function doneOf(server: Server, taskId: unknown): Promise<Record<string, unknown>> {
  await expect.poll(async () => (await state(server, taskId)).status, { timeout: 20_000 }).toBe("completed");
  const { result } = (await state(server, taskId)) as { result: { structuredContent: object } };
  return { ...result.structuredContent };
}

test("a task outlives kill -9 of its server: the next one gives its result, and pages on", async () => {
  lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
  const first = await serve();
  const begun = await first.ask("tools/call", call);
  expect(begun).toMatchObject({ resultType: "task", status: "working" });
  const taskId = begun?.taskId;
  first.run.child.kill("SIGKILL");
  expect(await first.run.ended).toMatchObject({ signal: "SIGKILL" });

  const second = await serve();
  expect(await state(second, taskId)).toMatchObject({ taskId, status: "working" });
  lake.athena.behaviour.pollsToRun = 0;
  const output = await doneOf(second, taskId);
  expect(lake.athena.executions).toHaveLength(1);

  // What a call of its own answers, but for the query it ran.
  const { execution: _own, cursor: _too, ...direct } = await outputWithTasks(second.front, call);
  const { execution, cursor, ...taken } = output;
  expect(taken).toEqual(direct);
  expect(execution).toMatchObject({ id: lake.athena.executions[0]?.id });
  const next = await outputWithTasks(second.front, { ...call, arguments: { ...call.arguments, cursor } });
  expect(next).toMatchObject({ rows: [[2, 6666]], truncated: false });
}, 60_000);

test("a task outlives SIGTERM too, and is cancelled from another server", async () => {
  lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
  const [first, second] = [await serve(), await serve()];
  const begun = await first.ask("tools/call", call);
  const taskId = begun?.taskId;
  first.run.child.kill("SIGTERM");
  expect(await first.run.ended).toMatchObject({ code: 0 });
  expect(lake.athena.executions.at(-1)).toMatchObject({ stops: 0 });
  await second.ask("tasks/cancel", { taskId });
  await expect.poll(async () => (await state(second, taskId)).status, { timeout: 20_000 }).toBe("cancelled");
  await expect.poll(() => lake.athena.executions.at(-1)).toMatchObject({ state: "CANCELLED", stops: 1 });
}, 60_000);
