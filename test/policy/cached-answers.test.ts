import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeltaWriter } from "../harness/delta-table.ts";
import { parquetOf } from "../harness/parquet.ts";
import { type PolicyServer, principal, startPolicyServer } from "../harness/policy-server.ts";
import { askWithTasks } from "../harness/task-client.ts";

/**
 * The same person, with two tokens: one reads the whole bucket, the other only `a/`. What was worked out for the one
 * must not come to the other, whatever is kept for her.
 */
let server: PolicyServer;
beforeAll(async () => {
  server = await startPolicyServer(
    {
      rbac: {
        roles: {
          whole: { allow: ["*"], resources: { buckets: ["lake"] } },
          half: { allow: ["*"], resources: { buckets: ["lake/a/"] } },
        },
        bindings: [
          { scopes: ["whole"], roles: ["whole"] },
          { scopes: ["half"], roles: ["half"] },
        ],
      },
    },
    {
      wide: principal("ann", { scopes: ["whole"] }),
      narrow: principal("ann", { scopes: ["half"] }),
      none: principal("ann"),
    },
    { afterMs: 1, timeoutMs: 60_000, keepMs: 60_000 },
  );
  const rows = (name: string) =>
    `id,place\n${Array.from({ length: 300 }, (_, at) => `${at},${name}`).join("\n")}\n`;
  await server.s3.put("lake", "a/rows.csv", rows("a"));
  await server.s3.put("lake", "b/rows.csv", rows("b"));
  const [one, other] = [await parquetOf("SELECT 1 AS n"), await parquetOf("SELECT 2 AS n")];
  for (let at = 0; at < 40; at++) {
    await server.s3.put("lake", `a/many/${at}.parquet`, one);
    await server.s3.put("lake", `b/many/${at}.parquet`, other);
  }
  const table = new DeltaWriter("b/table", async (name, body) => server.s3.put("lake", name, body));
  await table.create({ fields: [{ name: "n", type: "integer" }] });
  await table.commit([await table.file("one.parquet", "SELECT 3::INTEGER AS n")]);
});
afterAll(() => server.stop());

async function outputOf(who: string, tool: string, args: Record<string, unknown>) {
  const result = await server.call(who, tool, args);
  if (result.kind !== "completed") throw new Error(JSON.stringify(result));
  return result.output as { rows: unknown[][]; cursor?: string };
}

describe.each<[string, string, Record<string, unknown>]>([
  ["rows kept of a query", "lake_query", { sql: "SELECT * FROM 's3://lake/b/rows.csv'", limit: 10 }],
  ["rows kept of a reading", "lake_read_rows", { uri: "s3://lake/b/rows.csv", limit: 10 }],
  [
    "rows of a pattern",
    "lake_query",
    { sql: "SELECT * FROM 's3://lake/*/rows.csv' ORDER BY place DESC", limit: 10 },
  ],
  ["rows of a reading of a pattern", "lake_read_rows", { uri: "s3://lake/*/rows.csv", limit: 10 }],
])("%s", (_, tool, args) => {
  test("are not to be had by a cursor with fewer rights", async () => {
    const { cursor } = await outputOf("wide", tool, args);
    expect(cursor).toBeDefined();
    const stolen = await server.call("narrow", tool, { ...args, cursor });
    expect(stolen).toMatchObject({ kind: "failed" });
    expect(JSON.stringify(stolen)).not.toMatch(/"b"/);
    expect((await outputOf("wide", tool, { ...args, cursor })).rows).toHaveLength(10);
  });
});

test("tables that stay open are open for those alone who may read all of them", async () => {
  const sql = "SELECT count(*) AS files, sum(n) AS total FROM 's3://lake/*/many/*.parquet' WHERE n > 0";
  for (let times = 0; times < 2; times++) {
    expect((await outputOf("wide", "lake_query", { sql })).rows).toEqual([[80, 120]]);
    expect((await outputOf("narrow", "lake_query", { sql })).rows).toEqual([[40, 40]]);
  }
  const ofOther = { sql: "SELECT sum(n) FROM 's3://lake/b/many/' WHERE n > 0" };
  expect((await outputOf("wide", "lake_query", ofOther)).rows).toEqual([[80]]);
  expect(await server.call("narrow", "lake_query", ofOther)).toMatchObject({ fault: { code: "denied" } });
});

test("a Delta table that is known to others is not known to whoever may not read it", async () => {
  const args = { uri: "s3://lake/b/table/" };
  expect((await outputOf("wide", "lake_read_rows", args)).rows).toEqual([[3]]);
  for (const tool of ["lake_read_rows", "lake_get_metadata", "lake_profile_dataset"])
    expect(await server.call("narrow", tool, args)).toMatchObject({ fault: { code: "denied" } });
});

test("what is in the cache is fetched once for both, and given to whoever may read it", async () => {
  const args = { sql: "SELECT count(*) FROM 's3://lake/a/many/' WHERE n = 1" };
  await outputOf("wide", "lake_query", args);
  server.s3.requests.length = 0;
  expect((await outputOf("narrow", "lake_query", args)).rows).toEqual([[40]]);
  expect(server.s3.requests.filter(({ url }) => /\/many\/\d+\.parquet/.test(url))).toEqual([]);
});

test("a task's result is not for the same person with other rights", async () => {
  const call = { name: "lake_query", arguments: { sql: "SELECT max(place) FROM 's3://lake/b/rows.csv'" } };
  const { result } = await askWithTasks(server.front, "tools/call", call, "wide");
  const taskId = result?.taskId;
  expect(taskId).toBeTypeOf("string");
  for (const who of ["narrow", "none"]) {
    const { error } = await askWithTasks(server.front, "tasks/get", { taskId }, who);
    expect(error?.message).toContain("Task not found");
  }
  await expect
    .poll(async () => (await askWithTasks(server.front, "tasks/get", { taskId }, "wide")).result?.status)
    .toBe("completed");
  const { error } = await askWithTasks(server.front, "tasks/get", { taskId }, "narrow");
  expect(error?.message).toContain("Task not found");
});
