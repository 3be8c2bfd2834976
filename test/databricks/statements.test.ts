import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { callTool } from "../../src/core/call.ts";
import { localPrincipal } from "../../src/core/principal.ts";
import { answerNumbers, databricksLakes, numbers } from "../harness/databricks-lake.ts";

const lakes = databricksLakes();
const { lake, workspace } = await lakes.start();
afterAll(() => lakes.stop());

beforeEach(() => answerNumbers(workspace));
const sql = "SELECT n FROM 'databricks://main.sales.orders'";
const lastSent = () => workspace.statements.all.at(-1)?.sql;

describe("a statement over a table of Databricks", () => {
  test("runs on the warehouse without being told so, written anew", async () => {
    const answer = await lake.output("lake_query", { sql, limit: 2 });
    expect(answer).toMatchObject({
      columns: [{ name: "n", type: "BIGINT" }],
      rows: [[0], [1]],
      truncated: true,
      totalRows: 2_500,
      engine: "databricks",
      execution: { id: workspace.statements.all[0]?.id },
    });
    expect(lastSent()).toBe("SELECT `n` FROM `main`.`sales`.`orders`");
  });

  test("is walked to its end by the cursor: every row once, the statement run once", async () => {
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await lake.output("lake_query", { sql, limit: 900, ...(cursor ? { cursor } : {}) });
      seen.push(...page.rows.flat());
      cursor = page.cursor;
      expect(page.engine).toBe("databricks");
    } while (cursor);
    expect(seen).toEqual(numbers.rows?.map(([n]) => Number(n)));
    expect(workspace.statements.all).toHaveLength(1);
  });

  test("keeps its rows for the caller alone, and for the same arguments", async () => {
    const { cursor } = await lake.output("lake_query", { sql, limit: 10 });
    const other = { ...localPrincipal, id: "somebody-else" };
    const result = await lake.call("lake_query", { sql, limit: 10, cursor }, other);
    expect(result).toMatchObject({ kind: "failed", fault: { code: "not_found" } });
    expect(await lake.fault("lake_query", { sql: `${sql} WHERE true`, cursor })).toMatchObject({
      code: "invalid_input",
    });
    expect(await lake.fault("lake_query", { sql, cursor, engine: "local" })).toMatchObject({
      code: "invalid_input",
    });
  });

  test("takes named sources, spelled in any case, and Databricks SQL that DuckDB cannot parse", async () => {
    const sources = { orders: "databricks://main.sales.orders" };
    await lake.output("lake_query", { sql: "SELECT k FROM Orders LATERAL VIEW explode(xs) t AS k", sources });
    expect(lastSent()).toBe(
      "SELECT `k` FROM `main`.`sales`.`orders` AS `Orders` LATERAL VIEW explode ( `xs` ) `t` AS `k`",
    );
    await lake.output("lake_query", { sql: "SELECT `n` FROM main.sales.orders", engine: "databricks" });
    expect(lastSent()).toBe("SELECT `n` FROM `main`.`sales`.`orders`");
  });

  test("a text that merely mentions one stays here", async () => {
    const answer = await lake.output("lake_query", { sql: "SELECT 'databricks://main.sales.orders' AS a" });
    expect(answer).toMatchObject({ engine: "local", rows: [["databricks://main.sales.orders"]] });
    expect(workspace.requests).toEqual([]);
  });

  test("asks for what the bounds allow, and nothing else", async () => {
    await lake.output("lake_query", { sql });
    expect(workspace.statements.all[0]?.request).toMatchObject({
      wait_timeout: "5s",
      on_wait_timeout: "CONTINUE",
      byte_limit: 16 * 1024 ** 2,
    });
  });

  test("says where Databricks cut the result", async () => {
    workspace.statements.script = () => ({ ...numbers, truncated: true });
    const { notes, totalRows } = await lake.output("lake_query", { sql });
    expect(notes.join()).toContain("Databricks cut the result");
    expect(totalRows).toBeUndefined();
  });

  test("waits for the warehouse, and tells how far it is", async () => {
    workspace.statements.script = () => ({ ...numbers, polls: 3 });
    const told: string[] = [];
    const result = await callTool(lake.calls, {
      name: "lake_query",
      arguments: { sql },
      principal: localPrincipal,
      progress: ({ message }) => told.push(message ?? ""),
    });
    expect(result.kind).toBe("completed");
    expect(told).toEqual(expect.arrayContaining(["waiting for the warehouse", "running on the warehouse"]));
  });

  test("an empty result has columns and no rows", async () => {
    workspace.statements.script = () => ({ columns: numbers.columns ?? [], rows: [] });
    expect(await lake.output("lake_query", { sql })).toMatchObject({
      columns: [{ name: "n", type: "BIGINT" }],
      rows: [],
      truncated: false,
      totalRows: 0,
    });
  });
});

test("values are exact, and of the types that results have everywhere", async () => {
  const cells: [string, string | null, string, unknown][] = [
    ["BIGINT", "9007199254740993", "BIGINT", "9007199254740993"],
    ["BIGINT", "-42", "BIGINT", -42],
    ["INT", null, "INTEGER", null],
    [
      "DECIMAL(38,10)",
      "1234567890123456789012345678.0123456789",
      "DECIMAL(38,10)",
      "1234567890123456789012345678.0123456789",
    ],
    ["DOUBLE", "1.0E10", "DOUBLE", 1e10],
    ["DOUBLE", "NaN", "DOUBLE", "NaN"],
    ["FLOAT", "-Infinity", "FLOAT", "-Infinity"],
    ["BOOLEAN", "true", "BOOLEAN", true],
    ["STRING", "true", "VARCHAR", "true"],
    ["STRING", "00501", "VARCHAR", "00501"],
    ["DATE", "2024-02-29", "DATE", "2024-02-29"],
    ["TIMESTAMP", "2024-01-02T01:04:05.500Z", "TIMESTAMP WITH TIME ZONE", "2024-01-02T01:04:05.5Z"],
    ["TIMESTAMP_NTZ", "2024-01-02 01:04:05.000", "TIMESTAMP", "2024-01-02T01:04:05"],
    ["BINARY", "qgA=", "BLOB", { base64: "qgA=", sizeBytes: 2 }],
    ["ARRAY<BIGINT>", '["9007199254740993","1",null]', "BIGINT[]", ["9007199254740993", 1, null]],
    ["ARRAY<BIGINT>", "[9007199254740993,1]", "BIGINT[]", ["9007199254740993", 1]],
    [
      "MAP<STRING, INT>",
      '{"a":"1","__proto__":"2"}',
      "MAP(VARCHAR, INTEGER)",
      [
        { key: "a", value: 1 },
        { key: "__proto__", value: 2 },
      ],
    ],
    [
      "STRUCT<`a b`: DECIMAL(4,1) NOT NULL COMMENT 'it\\'s', c: ARRAY<STRUCT<d: BOOLEAN>>>",
      '{"a b":"1.5","c":[{"d":"false"}]}',
      'STRUCT("a b" DECIMAL(4,1), c STRUCT(d BOOLEAN)[])',
      { "a b": "1.5", c: [{ d: false }] },
    ],
    ["VARIANT", '{"n":12345678901234567890}', "JSON", { n: "12345678901234567890" }],
    ["INTERVAL DAY TO SECOND", "1 00:00:00.000000000", "INTERVAL", "1 00:00:00.000000000"],
    ["INT", "12x", "INTEGER", "12x"],
    ["SOMETHING NEW(1)", "x", "SOMETHING NEW(1)", "x"],
  ];
  workspace.statements.script = () => ({
    columns: cells.map(([type], index) => ({ name: `c${index}`, type_text: type })),
    rows: [cells.map(([, value]) => value)],
  });
  const { columns, rows } = await lake.output("lake_query", { sql });
  expect(columns.map(({ type }: { type: string }) => type)).toEqual(cells.map(([, , type]) => type));
  expect(rows[0]).toEqual(cells.map(([, , , value]) => value));
});

describe("refused before anything is sent", () => {
  test.each([
    ["SELECT * FROM 'databricks://main.hr.salaries'", "denied"],
    [
      "SELECT * FROM 'databricks://main.sales.orders' JOIN 'databricks://main.hr.salaries' USING (id)",
      "denied",
    ],
    ["SELECT ai_query('m', n) FROM 'databricks://main.sales.orders'", "invalid_input"],
    ["DROP TABLE main.sales.orders /* databricks: */", "invalid_input"],
    ["SELECT 1 FROM 'databricks://main.sales.orders'; DELETE FROM main.sales.orders", "invalid_input"],
  ])("%s is %s", async (statement, code) => {
    expect(await lake.fault("lake_query", { sql: statement })).toMatchObject({ code });
    expect(workspace.requests).toEqual([]);
  });

  test("hints that say how files are read", async () => {
    const sources = { t: { uri: "databricks://main.sales.orders", format: "csv" } };
    expect((await lake.fault("lake_query", { sql: "SELECT * FROM t", sources })).message).toContain(
      "format says",
    );
  });

  test("the engine local for a table whose files cannot be read, with what to do", async () => {
    const { code, message } = await lake.fault("lake_query", { sql, engine: "local" });
    expect(code).toBe("unsupported");
    expect(message).toContain("cannot be read from its files: Unity Catalog tells no id of it.");
    expect(message).toContain("engine: databricks");
  });

  test("statements where no warehouse is set, while tables can be described", async () => {
    const own = await lakes.start({ warehouseId: undefined });
    expect(await own.lake.fault("lake_query", { sql, engine: "databricks" })).toMatchObject({
      code: "invalid_input",
    });
    const { message } = await own.lake.fault("lake_read_rows", { uri: "databricks://main.sales.orders" });
    expect(message).toContain("lake.databricks.warehouseId");
    expect((await own.lake.output("lake_list_sources")).engines).toEqual(["local"]);
    await own.lake.output("lake_get_metadata", { uri: "databricks://main.sales.orders" });
  });
});

describe("lake_read_rows", () => {
  const uri = "databricks://main.sales.orders";

  test("gives chosen columns of the rows a condition holds for", async () => {
    const { rows } = await lake.output("lake_read_rows", {
      uri,
      columns: ["n", "a`b"],
      filter: "n > 10 AND `day` = DATE '2024-01-01'",
      limit: 3,
    });
    expect(rows).toEqual([[0], [1], [2]]);
    expect(lastSent()).toBe(
      "SELECT `n` , `a``b` FROM `main`.`sales`.`orders` WHERE ( `n` > 10 AND `day` = DATE '2024-01-01' )",
    );
    expect(workspace.statements.all[0]?.request.row_limit).toBe(10_000);
  });

  test("goes on with its cursor, over one statement", async () => {
    const first = await lake.output("lake_read_rows", { uri, limit: 2 });
    const second = await lake.output("lake_read_rows", { uri, limit: 2, cursor: first.cursor });
    expect([...first.rows, ...second.rows].flat()).toEqual([0, 1, 2, 3]);
    expect(workspace.statements.all).toHaveLength(1);
  });

  test.each([
    "n > 1) OR (1 = 1",
    "n IN (SELECT a FROM main.sales.customers)",
    "true LIMIT 1",
    "true UNION SELECT 1",
    "reflect('a', 'b') = 'c'",
    "n = 1, n = 2",
    "",
  ])("refuses the filter %j", async (filter) => {
    expect((await lake.fault("lake_read_rows", { uri, filter })).code).toBe("invalid_input");
    expect(workspace.requests).toEqual([]);
  });

  test("refuses tables outside what may be read", async () => {
    expect((await lake.fault("lake_read_rows", { uri: "databricks://main.hr.salaries" })).code).toBe(
      "denied",
    );
    expect(workspace.requests).toEqual([]);
  });
});
