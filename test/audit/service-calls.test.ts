import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import type { ServiceCall } from "../../src/core/service-calls.ts";
import { beginServiceCall, ServiceCallLedger } from "../../src/core/service-calls.ts";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { type AuditPlace, auditedPath, createAuditPlace } from "../harness/audit.ts";
import { pathWith, tool } from "../harness/call-path.ts";
import { type DatabricksLake, startDatabricksLake } from "../harness/databricks-lake.ts";
import { startFaultProxy } from "../harness/fault-proxy.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { loopbackS3 } from "../harness/lake-settings.ts";
import { s3Credentials } from "../harness/s3-server.ts";

let lake: AthenaLake;
let shop: DatabricksLake;
let place: AuditPlace;
beforeAll(async () => {
  [lake, shop] = await Promise.all([startAthenaLake(), startDatabricksLake()]);
}, 60_000);
beforeEach(async () => {
  place = await createAuditPlace();
});
afterEach(() => place.remove());
afterAll(() => Promise.all([lake?.stop(), shop?.stop()]));

interface Outcome {
  result: string;
  arguments?: unknown;
  resources?: string[];
  awsCalls?: ServiceCall[];
  awsCallCount?: number;
  awsCallsLeftOut?: number;
  awsBytesRead?: number;
}

/** The outcomes of calls that are made at once. */
async function outcomesOf(of: TestLake, ...given: [string, Record<string, unknown>][]) {
  const audit = place.audit();
  let ids = 0;
  const steps = { ...of.calls.steps, auditor: audit.auditor };
  const path = { ...of.calls, steps, newId: () => `id-${++ids}` };
  await Promise.all(
    given.map(([name, args], index) =>
      callTool(path, { name, arguments: args, principal: localPrincipal, correlationId: `c-${index}` }),
    ),
  );
  await audit.close();
  expect(await place.verifyAnchored()).toMatchObject({ problems: [] });
  const outcomes = (await place.records()).filter(({ kind }) => kind === "outcome");
  const byCall = given.map((_, index) => outcomes.find((one) => one.correlationId === `c-${index}`));
  return byCall as unknown as Outcome[];
}

const namesOf = ({ awsCalls = [] }: Outcome) =>
  [...new Set(awsCalls.map(({ service, operation }) => `${service}:${operation}`))].sort();

describe("the outcome of a call says which requests it made", () => {
  test("to S3, also those its query worker asked for, with their ids and the bytes they brought", async () => {
    await lake.put("rows/a.csv", `a,b\n${"1,2\n".repeat(100)}`);
    lake.server.requests.length = 0;
    const sent = lake.server.sentBytes();
    const sql = "SELECT sum(total) FROM 's3://lake/orders/part.parquet'";
    const [outcome] = await outcomesOf(lake, ["lake_query", { sql }]);
    expect(outcome).toMatchObject({ result: "ok", awsCallCount: lake.server.requests.length });
    expect(outcome?.awsCallCount).toBeGreaterThan(2);
    expect(namesOf(outcome as Outcome)).toContain("s3:GetObject");
    expect(outcome?.awsBytesRead).toBe(lake.server.sentBytes() - sent);
    expect(outcome?.awsCalls?.every(({ requestId = "" }) => requestId.length > 5)).toBe(true);
    expect(outcome).not.toHaveProperty("awsCallsLeftOut");
  });

  test("to Athena and Glue", async () => {
    const [outcome] = await outcomesOf(lake, [
      "lake_query",
      { sql: "SELECT count(*) FROM sales.orders", engine: "athena" },
    ]);
    expect(outcome?.result).toBe("ok");
    expect(namesOf(outcome as Outcome)).toEqual(
      expect.arrayContaining(["athena:StartQueryExecution", "athena:GetQueryResults", "glue:GetTable"]),
    );
    expect(outcome?.awsCalls).toContainEqual({
      service: "athena",
      operation: "StartQueryExecution",
      requestId: "test",
    });
  });

  test("to Databricks, by method and path", async () => {
    const [outcome] = await outcomesOf(shop.lake, [
      "lake_get_metadata",
      { uri: "databricks://main.sales.orders" },
    ]);
    expect(outcome?.result).toBe("ok");
    expect(namesOf(outcome as Outcome)).toContain(
      "databricks:GET /api/2.1/unity-catalog/tables/main.sales.orders",
    );
  });

  test("each its own, of calls at once", async () => {
    for (const name of ["x", "y", "z"]) await lake.put(`own/${name}/a.csv`, "a\n1\n");
    const calls = Array.from({ length: 24 }, (_, index): [string, Record<string, unknown>] =>
      index % 2 === 0
        ? ["lake_list_objects", { uri: `s3://lake/own/${"xyz"[index % 3]}/` }]
        : ["lake_list_sources", {}],
    );
    const outcomes = await outcomesOf(lake, ...calls);
    for (const [index, outcome] of outcomes.entries()) {
      expect(outcome.result).toBe("ok");
      if (index % 2 === 0) expect(namesOf(outcome)).toEqual(["s3:ListObjectsV2"]);
    }
  });

  test("of a refused call too, with the status, and an attempt that failed beside the one that did not", async () => {
    let failures = 0;
    const proxy = await startFaultProxy(lake.server.endpoint, () =>
      failures++ === 0 ? { kind: "answer", status: 503 } : undefined,
    );
    const faulty = await startTestLake({
      settings: { s3: { ...loopbackS3(proxy.endpoint), credentials: s3Credentials } },
    });
    const [missing] = await outcomesOf(faulty, ["lake_read_rows", { uri: "s3://lake/none.csv" }]);
    expect(missing?.result).toBe("not_found");
    expect(missing?.awsCallCount).toBe(failures);
    expect(missing?.awsCalls?.slice(0, 2).map(({ status }) => status)).toEqual([503, 404]);
    await faulty.stop();
    await proxy.stop();
  });

  test("and no words of a server that sends them for ids and names", async () => {
    const words = "AKIAIOSFODNN7EXAMPLE Bearer words-of-a-server";
    const proxy = await startFaultProxy(lake.server.endpoint, () => ({
      kind: "answer",
      status: 403,
      headers: { "x-amz-request-id": words },
      body: `<?xml version="1.0"?><Error><Code>${words}</Code><Message>no</Message></Error>`,
    }));
    const hostile = await startTestLake({
      settings: { s3: { ...loopbackS3(proxy.endpoint), credentials: s3Credentials } },
    });
    const [denied] = await outcomesOf(hostile, ["lake_list_objects", { uri: "s3://lake/" }]);
    expect(denied?.awsCalls).toEqual([
      { service: "s3", operation: "ListObjectsV2", status: 403, fault: "Error" },
    ]);
    await hostile.stop();
    await proxy.stop();
  });

  test("and no signature, header or query", async () => {
    await lake.put("rows/b.csv", "a\n1\n");
    await outcomesOf(lake, ["lake_read_rows", { uri: "s3://lake/rows/b.csv" }]);
    const text = JSON.stringify(await place.records());
    expect(text).toContain('"GetObject"');
    expect(text).not.toMatch(/X-Amz|AWS4-HMAC|authorization|\?x-id/i);
  });
});

describe("the outcome names the tables that were held against what may be read", () => {
  test.each<[string, Record<string, unknown>, string, string[]]>([
    [
      "of Athena's SQL, as they are compared: in small letters, with the catalog left out",
      {
        sql: 'SELECT count(*) FROM Sales.ORDERS o JOIN AwsDataCatalog."sales".notes n ON true',
        engine: "athena",
      },
      "ok",
      ["athena://sales.orders", "athena://sales.notes"],
    ],
    [
      "one that may not be read",
      { sql: "SELECT * FROM sales.notes, private.salaries", engine: "athena" },
      "denied",
      ["athena://sales.notes", "athena://private.salaries"],
    ],
    [
      "one of another catalog",
      { sql: "SELECT * FROM other.sales.orders", engine: "athena" },
      "denied",
      ["athena://other.sales.orders"],
    ],
    [
      "one that is only estimated",
      { sql: "SELECT id FROM sales.orders", engine: "athena", estimate: true },
      "ok",
      ["athena://sales.orders"],
    ],
    [
      "the table that stands in for a folder, before the folder",
      { sql: "SELECT count(*) FROM 's3://lake/orders/'", engine: "athena" },
      "ok",
      ["athena://sales.orders", "s3://lake/orders/"],
    ],
    [
      "before what other texts of the statement crowd the record with",
      {
        sql: `SELECT count(*) FROM sales.orders WHERE name IN (${Array.from({ length: 30 }, (_, at) => `'/no/${at}'`)})`,
        engine: "athena",
      },
      "ok",
      ["athena://sales.orders", ...Array.from({ length: 19 }, (_, at) => `/no/${at}`)],
    ],
  ])("%s", async (_, args, result, resources) => {
    expect(await outcomesOf(lake, ["lake_query", args])).toMatchObject([{ result, resources }]);
  });

  test("of a warehouse's SQL, however it writes them", async () => {
    const outcomes = await outcomesOf(
      shop.lake,
      ["lake_query", { sql: "SELECT 1 FROM Main.sales.`customers`", engine: "databricks" }],
      ["lake_query", { sql: "SELECT 1 FROM `databricks://main.sales.orders`", engine: "databricks" }],
      ["lake_query", { sql: "SELECT 1 FROM `databricks://main.hr.salaries`", engine: "databricks" }],
    );
    expect(outcomes.map(({ resources }) => resources)).toEqual([
      ["databricks://main.sales.customers"],
      ["databricks://main.sales.orders"],
      ["databricks://main.hr.salaries"],
    ]);
    expect(outcomes[2]?.result).toBe("denied");
  });

  test("each its own, of calls at once", async () => {
    const tables = ["orders", "notes", "view", "events"];
    const calls = tables.map((table): [string, Record<string, unknown>] => [
      "lake_query",
      { sql: `SELECT count(*) FROM sales.${table}`, engine: "athena" },
    ]);
    const outcomes = await outcomesOf(lake, ...calls);
    expect(outcomes.map(({ resources }) => resources)).toEqual(
      tables.map((table) => [`athena://sales.${table}`]),
    );
  });
});

test("a call that asks no service says nothing of it, and one that asks a thousand times a bounded lot", async () => {
  const busy = tool("test_read_word", {
    async handle({ times }) {
      for (let index = 0; index < 1_000 * Number(times ?? 0); index++) beginServiceCall("s3", "GetObject");
      if (times) beginServiceCall("s3", "PutObject");
      return { said: "" };
    },
  });
  const audit = place.audit();
  const { newId, steps } = auditedPath(audit);
  const path = pathWith([busy], { newId, steps });
  for (const times of [0, 1])
    await callTool(path, { name: busy.name, arguments: { times }, principal: localPrincipal });
  await audit.close();
  const [none, many] = (await place.records()).filter(({ kind }) => kind === "outcome");
  expect(Object.keys(none ?? {}).filter((name) => name.startsWith("aws"))).toEqual([]);
  expect(many).toMatchObject({ awsCallCount: 1_001, awsCallsLeftOut: 950 });
  expect(many?.awsCalls).toHaveLength(51);
  expect((many as unknown as Outcome).awsCalls?.at(-1)).toEqual({ service: "s3", operation: "PutObject" });
});

test("a request of no answer stands there as it was sent", () => {
  const ledger = new ServiceCallLedger();
  ledger.begin("rds", "CreateDBSnapshot");
  expect(ledger.calls).toEqual([{ service: "rds", operation: "CreateDBSnapshot" }]);
});
