import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { checkAthena } from "../../src/commands/doctor/athena.ts";
import type { LongRunningEngine } from "../../src/lake/engines/long-running.ts";
import type { LakeQueryRequest } from "../../src/lake/lake.ts";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { AwsFault } from "../harness/aws-json.ts";
import { lakeScope } from "../harness/lake-settings.ts";

let lake: AthenaLake;
let engine: LongRunningEngine;
beforeAll(async () => {
  lake = await startAthenaLake();
  const found = lake.lake.longRunning.find(({ name }) => name === "athena");
  if (!found) throw new Error("Athena is not set up.");
  engine = found;
});
afterAll(() => lake.stop());
beforeEach(() => {
  lake.athena.behaviour.pollsToRun = 2;
  lake.athena.behaviour.disturb = () => undefined;
});

const request: LakeQueryRequest = {
  sql: "SELECT status, count(*) AS n FROM sales.orders GROUP BY status ORDER BY status",
  sources: {},
  maxRows: 2,
  maxBytes: 100_000,
};
const token = (name: string) => name.padEnd(32, "-");

test("a query is started in one call, looked at in others, and its rows walked from its id alone", async () => {
  const scope = lakeScope();
  const id = await engine.start(request, scope, token("walk"));
  const states: string[] = [];
  for (;;) {
    const { state } = await engine.poll(id, scope);
    states.push(state);
    if (state === "succeeded") break;
  }
  expect(states).toEqual(["queued", "running", "succeeded"]);
  const first = await engine.rows(id, request, scope);
  expect(first).toMatchObject({
    rows: [
      [0, 6667],
      [1, 6667],
    ],
    more: true,
    execution: { id },
  });
  const second = await engine.run({ ...request, cursor: first.cursor ?? "" }, scope);
  expect(second).toMatchObject({ rows: [[2, 6666]], more: false });
});

test("a start with the token of another time is the same query", async () => {
  const scope = lakeScope();
  const id = await engine.start(request, scope, token("again"));
  expect(await engine.start(request, scope, token("again"))).toBe(id);
});

test("another caller's query is not there, whatever is done to it", async () => {
  const id = await engine.start(request, lakeScope(), token("mine"));
  const other = lakeScope({ principalId: "mallory" });
  const acts = [
    () => engine.poll(id, other),
    () => engine.stop(id, other),
    () => engine.rows(id, request, other),
  ];
  for (const act of acts) {
    await expect(act()).rejects.toMatchObject({ code: "not_found" });
  }
  expect(lake.athena.executions.find((execution) => execution.id === id)?.stops).toBe(0);
});

test("rows are given for the statement that was started and for no other", async () => {
  const scope = lakeScope();
  const id = await engine.start(request, scope, token("other"));
  while ((await engine.poll(id, scope)).state !== "succeeded");
  const other = { ...request, sql: "SELECT count(*) FROM sales.orders" };
  await expect(engine.rows(id, other, scope)).rejects.toMatchObject({ code: "invalid_input" });
});

test("a stopped query is told when it has ended, and one that had ended is left alone", async () => {
  const scope = lakeScope();
  lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
  const id = await engine.start(request, scope, token("stop"));
  expect(await engine.stop(id, scope)).toMatchObject({ state: "cancelled" });
  expect(await engine.stop(id, scope)).toMatchObject({ state: "cancelled" });
  expect(lake.athena.executions.find((execution) => execution.id === id)?.stops).toBe(1);
});

test("sluice doctor looks at the workgroup and the tables, and starts no query", async () => {
  const athena = lake.lake.athena;
  if (!athena || !lake.settings.athena) throw new Error("Athena is not set up.");
  const settings = lake.settings.athena;
  const look = () => checkAthena(athena, settings);
  lake.athena.requests.length = 0;
  expect(await look()).toMatchObject([
    {
      status: "warning",
      message: expect.stringContaining("stops no query"),
      mend: expect.stringContaining("BytesScannedCutoffPerQuery"),
    },
    { status: "ok", message: "4 may be read" },
  ]);
  lake.athena.behaviour.cutoffBytes = 1024 ** 3;
  expect((await look())[0]).toMatchObject({
    status: "ok",
    message: expect.stringContaining("s3://results/agents/"),
  });
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "GetWorkGroup" ? new AwsFault("AccessDeniedException", "no") : undefined;
  expect(await look()).toMatchObject([
    { status: "failed", mend: expect.stringContaining("athena:GetWorkGroup") },
  ]);
  expect(lake.athena.requests.map(({ operation }) => operation)).not.toContain("StartQueryExecution");
});
