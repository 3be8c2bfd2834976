import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../src/core/principal.ts";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { account } from "../harness/athena-server.ts";
import { AwsFault } from "../harness/aws-json.ts";

let lake: AthenaLake;
const usual = { pollsToRun: 2, pollsToStop: 1, isReused: false, fail: undefined, disturb: () => undefined };

beforeAll(async () => {
  lake = await startAthenaLake();
});
afterAll(() => lake.stop());
beforeEach(() => {
  Object.assign(lake.athena.behaviour, usual);
  lake.athena.requests.length = 0;
});

const ask = (sql: string, more = {}) => lake.output("lake_query", { sql, engine: "athena", ...more });
const refused = (sql: string, more = {}) => lake.fault("lake_query", { sql, engine: "athena", ...more });
const asked = (operation: string) =>
  lake.athena.requests.filter((request) => request.operation === operation);

test("a statement runs on Athena, and says where, how long and what it cost", async () => {
  const answer = await ask(
    "SELECT status, count(*) AS n, sum(total) AS total FROM sales.orders GROUP BY status ORDER BY 1",
  );
  expect(answer.rows).toEqual([
    [0, 6667, "83329166.25"],
    [1, 6667, "83337500.00"],
    [2, 6666, "83320833.75"],
  ]);
  expect(answer).toMatchObject({
    engine: "athena",
    truncated: false,
    totalRows: 3,
    execution: {
      region: "eu-west-1",
      account,
      workgroup: "agents",
      bytesBilled: 10 * 1024 ** 2,
      costUsd: 0.000048,
    },
  });
  expect(answer.execution.bytesScanned).toBeGreaterThan(0);
  expect(answer.notes.join(" ")).toContain("an assumption, not AWS's bill");
});

test("the token of a start is one query's, also when the answer to it was lost", async () => {
  let lost = 0;
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "StartQueryExecution" && lost++ < 2 ? "lose the answer" : undefined;
  const before = lake.athena.executions.length;
  expect((await ask("SELECT max(id) FROM sales.orders")).rows).toEqual([[19999]]);
  expect(asked("StartQueryExecution")).toHaveLength(3);
  expect(lake.athena.executions.length - before).toBe(1);
});

test("a cursor walks every row once, through pages of Athena's and of the call's own", async () => {
  const sql = "SELECT id, name FROM sales.orders WHERE id < 2000 ORDER BY id";
  const ids: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await ask(sql, { limit: 650, ...(cursor ? { cursor } : {}) });
    ids.push(...page.rows.map(([id]: [number]) => id));
    cursor = page.cursor;
    expect(page.truncated).toBe(cursor !== undefined);
  } while (cursor);
  expect(ids).toEqual(Array.from({ length: 2000 }, (_, id) => id));
  expect(asked("StartQueryExecution")).toHaveLength(1);
});

test("a page ends at the bound of bytes, and the next begins after it", async () => {
  const small = await startAthenaLake({}, { maxBytes: 2_000 });
  try {
    const sql = "SELECT id, name FROM sales.orders ORDER BY id";
    const first = await small.output("lake_query", { sql, engine: "athena", limit: 1000 });
    expect(JSON.stringify(first.rows).length).toBeLessThanOrEqual(2_000);
    const second = await small.output("lake_query", {
      sql,
      engine: "athena",
      limit: 1000,
      cursor: first.cursor,
    });
    expect(second.rows[0][0]).toBe(first.rows.length);
  } finally {
    await small.stop();
  }
});

test("a cursor of another caller is refused as if the query were not there", async () => {
  const sql = "SELECT id FROM sales.orders ORDER BY id";
  const { cursor } = await ask(sql, { limit: 10 });
  const args = { sql, engine: "athena", limit: 10, cursor };
  const other = await lake.call("lake_query", args, { ...localPrincipal, id: "mallory" });
  expect(other).toMatchObject({ kind: "failed", fault: { code: "not_found" } });
  const foreign = await lake.call("lake_query", args, { ...localPrincipal, tenantId: "acme" });
  expect(foreign).toMatchObject({ kind: "failed", fault: { code: "not_found" } });
  expect((await lake.output("lake_query", args)).rows).toHaveLength(10);
});

test("a cursor of another statement, and a made-up one, are refused", async () => {
  const { cursor } = await ask("SELECT id FROM sales.orders", { limit: 1 });
  expect(await refused("SELECT name FROM sales.orders", { limit: 1, cursor })).toMatchObject({
    code: "invalid_input",
  });
  expect(await refused("SELECT id FROM sales.orders", { cursor: "athena.e30" })).toMatchObject({
    code: "invalid_input",
  });
});

test("values keep their digits, NULL is not the empty text, and nested values are said to be text", async () => {
  const answer = await ask(`SELECT 9007199254740993 AS big, CAST(1.50 AS DECIMAL(5,2)) AS dec, 1e0/3 AS third,
    CAST('NaN' AS DOUBLE) AS nan, '' AS empty, CAST(NULL AS VARCHAR) AS none, DATE '2024-02-29' AS day,
    TIMESTAMP '2024-01-02 03:04:05.500' AS at, CAST('2024-01-02 03:04:05.25+00' AS TIMESTAMP WITH TIME ZONE) AS zoned,
    true AS yes, [1, 2] AS list FROM sales.orders LIMIT 1`);
  expect(answer.columns.map(({ type }: { type: string }) => type)).toEqual([
    "BIGINT",
    "DECIMAL(5,2)",
    "DOUBLE",
    "DOUBLE",
    "VARCHAR",
    "VARCHAR",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMP WITH TIME ZONE",
    "BOOLEAN",
    "VARCHAR",
  ]);
  expect(answer.rows[0]).toEqual([
    "9007199254740993",
    "1.50",
    1 / 3,
    "NaN",
    "",
    null,
    "2024-02-29",
    "2024-01-02T03:04:05.5",
    "2024-01-02T03:04:05.25Z",
    true,
    "[1, 2]",
  ]);
  expect(answer.notes.join(" ")).toContain("Athena gives list (array) as text");
});

test.each([
  ["another database", "SELECT * FROM private.salaries"],
  ["a table in a subquery", "SELECT (SELECT max(salary) FROM private.salaries) FROM sales.orders"],
  ["a second table after a comma", "SELECT * FROM sales.orders, private.salaries"],
  ["another catalog", "SELECT * FROM other.sales.orders"],
  ["the catalog's own tables", "SELECT * FROM information_schema.tables"],
  ["a hidden table", 'SELECT * FROM sales."orders$files"'],
])("%s is denied, and nothing is started", async (_, sql) => {
  expect(await refused(sql)).toMatchObject({ code: "denied" });
  expect(asked("StartQueryExecution")).toHaveLength(0);
});

test("names of sources and athena:// texts stand for tables", async () => {
  const sources = { o: "athena://sales.orders" };
  expect(
    (await ask("WITH big AS (SELECT * FROM o WHERE id > 19990) SELECT count(*) FROM big", { sources })).rows,
  ).toEqual([[9]]);
  expect((await ask("SELECT count(*) FROM 'athena://sales.events' e WHERE e.year = 2025")).rows).toEqual([
    [17000],
  ]);
});

test("what Athena says of a failed statement is told, shortened", async () => {
  const fault = await refused("SELECT nothing_like_it FROM sales.orders");
  expect(fault.code).toBe("invalid_input");
  expect(fault.message).toMatch(/^Athena says of the statement: ".*nothing_like_it/);
  expect(fault.message.length).toBeLessThan(400);
});

test.each([
  [
    "access denied on the data",
    { AthenaError: { ErrorCategory: 2, ErrorMessage: "Access Denied (Service: Amazon S3)" } },
    "denied",
  ],
  [
    "the workgroup's bound",
    { StateChangeReason: "Query cancelled! : Bytes scanned limit was exceeded", State: "CANCELLED" as const },
    "too_large",
  ],
  [
    "too many resources",
    { StateChangeReason: "Query exhausted resources at this scale factor" },
    "too_large",
  ],
  [
    "a fault of Athena's own",
    { AthenaError: { ErrorCategory: 1, ErrorMessage: "Internal error", Retryable: true } },
    "unavailable",
  ],
  ["someone else's stop", { State: "CANCELLED" as const }, "unavailable"],
])("a query ended by %s is told as what it is", async (_, fail, code) => {
  lake.athena.behaviour.fail = fail;
  expect(await refused("SELECT id FROM sales.orders")).toMatchObject({ code });
});

test.each([
  ["AccessDeniedException", 400, "denied"],
  ["InvalidRequestException", 400, "invalid_input"],
])("%s at the start is told without AWS's own words for it", async (name, status, code) => {
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "StartQueryExecution"
      ? new AwsFault(name as string, "no arn:aws:iam::1:role/x", status as number)
      : undefined;
  const fault = await refused("SELECT id FROM sales.orders");
  expect(fault.code).toBe(code);
  expect(fault.message).not.toContain("arn:");
});

test("throttled looks at a query do not lose it", async () => {
  let looks = 0;
  lake.athena.behaviour.disturb = ({ operation }) =>
    operation === "GetQueryExecution" && looks++ < 5
      ? new AwsFault("TooManyRequestsException", "Rate exceeded")
      : undefined;
  expect((await ask("SELECT min(id) FROM sales.orders")).rows).toEqual([[0]]);
});

test("an older result given again costs nothing, and is said to be one", async () => {
  lake.athena.behaviour.isReused = true;
  const answer = await ask("SELECT min(id) FROM sales.orders");
  expect(answer.execution).toMatchObject({ bytesBilled: 0, costUsd: 0 });
  expect(answer.notes.join(" ")).toContain("earlier run");
});

test("a repeated statement is a query of its own", async () => {
  const [first, second] = [
    await ask("SELECT min(id) FROM sales.orders"),
    await ask("SELECT min(id) FROM sales.orders"),
  ];
  expect(first.execution.id).not.toBe(second.execution.id);
});
