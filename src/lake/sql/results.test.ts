import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cpuMsOf } from "../../../test/harness/cpu-time.ts";
import { startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 2 });
});
afterAll(() => sql.close());

test.each([
  ["9007199254740991", "BIGINT", 9007199254740991],
  ["9007199254740992", "BIGINT", "9007199254740992"],
  ["18446744073709551615::UBIGINT", "UBIGINT", "18446744073709551615"],
  [
    "(-170141183460469231731687303715884105727)::HUGEINT",
    "HUGEINT",
    "-170141183460469231731687303715884105727",
  ],
  ["1.50::DECIMAL(10, 2)", "DECIMAL(10,2)", "1.50"],
  ["repeat('9', 38)::DECIMAL(38, 0)", "DECIMAL(38,0)", "9".repeat(38)],
  ["0.1::FLOAT", "FLOAT", 0.1],
  ["1e300::DOUBLE", "DOUBLE", 1e300],
  ["'nan'::DOUBLE", "DOUBLE", "NaN"],
  ["'-infinity'::DOUBLE", "DOUBLE", "-Infinity"],
  ["TIMESTAMP '2024-01-02 03:04:05.678901'", "TIMESTAMP", "2024-01-02T03:04:05.678901"],
  ["TIMESTAMPTZ '2024-01-02 03:04:05.5+02'", "TIMESTAMP WITH TIME ZONE", "2024-01-02T01:04:05.5Z"],
  ["TIMESTAMP_NS '2024-01-02 03:04:05.000000001'", "TIMESTAMP_NS", "2024-01-02T03:04:05.000000001"],
  ["TIMESTAMP_S '2024-01-02 03:04:05'", "TIMESTAMP_S", "2024-01-02T03:04:05"],
  ["TIMESTAMP 'infinity'", "TIMESTAMP", "infinity"],
  ["'infinity'::TIMESTAMP_S", "TIMESTAMP_S", "infinity"],
  ["'-infinity'::TIMESTAMP_S", "TIMESTAMP_S", "-infinity"],
  ["'-infinity'::TIMESTAMP_MS", "TIMESTAMP_MS", "-infinity"],
  ["TIMESTAMP '0044-03-15 (BC) 01:02:03'", "TIMESTAMP", "0044-03-15 (BC) 01:02:03"],
  ["TIMESTAMPTZ '0044-03-15 (BC) 01:02:03+00'", "TIMESTAMP WITH TIME ZONE", "0044-03-15 (BC) 01:02:03Z"],
  ["DATE '2024-02-29'", "DATE", "2024-02-29"],
  ["DATE '-infinity'", "DATE", "-infinity"],
  ["TIME '03:04:05.5'", "TIME", "03:04:05.5"],
  ["INTERVAL '1 year 2 days 03:04:05'", "INTERVAL", "1 year 2 days 03:04:05"],
  ["'\\xAA\\x00'::BLOB", "BLOB", { base64: "qgA=", sizeBytes: 2 }],
  ["UUID '00000000-0000-0000-0000-00000000000a'", "UUID", "00000000-0000-0000-0000-00000000000a"],
  ["[1, NULL, 9007199254740993]", "BIGINT[]", [1, null, "9007199254740993"]],
  ["[1, 2]::INTEGER[2]", "INTEGER[2]", [1, 2]],
  [
    "{'a': 1, '__proto__': {'b': [1.5]}}",
    "STRUCT(a INTEGER, __proto__ STRUCT(b DECIMAL(2,1)[]))",
    JSON.parse('{"a":1,"__proto__":{"b":["1.5"]}}'),
  ],
  ["row(1, 'x')", "STRUCT(INTEGER, VARCHAR)", [1, "x"]],
  ["['1'::JSON, '{\"a\":1}'::JSON]", "JSON[]", [1, { a: 1 }]],
  ["map {'k': DATE '2024-01-01'}", "MAP(VARCHAR, DATE)", [{ key: "k", value: "2024-01-01" }]],
  ["'b'::ENUM('a', 'b')", "ENUM('a', 'b')", "b"],
  ["union_value(k := 1.5)", "UNION(k DECIMAL(2,1))", "1.5"],
  ["'101'::BIT", "BIT", "101"],
  [
    `'{"n":12345678901234567890,"x":1.5,"s":"1"}'::JSON`,
    "JSON",
    { n: "12345678901234567890", x: 1.5, s: "1" },
  ],
  ["true", "BOOLEAN", true],
  ["NULL", "INTEGER", null],
  ["chr(65279) || 'mark'", "VARCHAR", "\ufeffmark"],
  ["'nul' || chr(0) || '😀'", "VARCHAR", "nul\0😀"],
])("%s is given exactly", async (expression, type, value) => {
  const { columns, rows } = await sql.run(`SELECT ${expression} AS v`);
  expect(columns).toEqual([{ name: "v", type }]);
  expect(JSON.stringify(rows)).toEqual(JSON.stringify([[value]]));
});

test("columns without AS have the names that DuckDB gives to the statement as it was written", async () => {
  const statement = `SELECT extract(dow FROM DATE '2024-01-01'), [1,2], count(*), 1+1, max("t"."range") FROM range(3) t`;
  const connection = await (await DuckDBInstance.create()).connect();
  const own = await connection.run(statement);
  connection.closeSync();
  expect((await sql.run(statement)).columns.map(({ name }) => name)).toEqual(own.columnNames());
});

test("columns of one name stay apart", async () => {
  const { columns, rows } = await sql.run("SELECT 1 AS a, 2 AS a, 3 AS __proto__");
  expect(columns.map(({ name }) => name)).toEqual(["a", "a", "__proto__"]);
  expect(rows).toEqual([[1, 2, 3]]);
});

test("a page is bounded by rows and by bytes", async () => {
  const byRows = await sql.run("SELECT * FROM range(10)", [], { maxRows: 3 });
  expect(byRows).toMatchObject({ rows: [[0], [1], [2]], more: true });
  expect(byRows.totalRows).toBeUndefined();
  const byBytes = await sql.run("SELECT repeat('x', 100) FROM range(100)", [], { maxBytes: 1_000 });
  expect(byBytes.rows.length).toBe(9);
  expect(await sql.run("SELECT * FROM range(3)", [], { maxRows: 3 })).toMatchObject({
    more: false,
    totalRows: 3,
  });
});

test("one row over the bound names the column that takes most", async () => {
  await expect(
    sql.run("SELECT 1 AS a, repeat('x', 5000) AS long", [], { maxBytes: 1_000 }),
  ).rejects.toMatchObject({
    code: "too_large",
    message: expect.stringContaining('column "long"'),
  });
});

test("200,000 rows are walked to the end, every row exactly once, most pages for less than 50 ms of the processor", async () => {
  const first = await sql.run("SELECT range AS i, 'row ' || range AS s FROM range(200000)", [], {
    keepRest: true,
  });
  expect(first).toMatchObject({ more: true, totalRows: 200_000 });
  let next = 0;
  const pagesCpuMs: number[] = [];
  for (let page = first; ; ) {
    for (const row of page.rows)
      if (row[0] !== next || row[1] !== `row ${next++}`) throw new Error(`lost at ${next}`);
    if (!page.more) break;
    const bounds = { maxRows: 1_000, maxBytes: 256 * 1024 };
    const cpuMs = await cpuMsOf(async () => {
      page = await sql.engine.nextPage(first.handle!, next, "me", bounds);
    });
    pagesCpuMs.push(cpuMs);
  }
  expect(next).toBe(200_000);
  pagesCpuMs.sort((a, b) => a - b);
  expect(pagesCpuMs[Math.floor(pagesCpuMs.length / 2)]).toBeLessThan(50);
});

test("kept rows belong to who asked, expire, and cannot be guessed", async () => {
  let nowMs = 1_000;
  const own = await startTestSql({}, { now: () => nowMs, keepResultsMs: 60_000 });
  try {
    const { handle = "" } = await own.run("SELECT * FROM range(10)", [], { maxRows: 3, keepRest: true });
    const bounds = { maxRows: 100, maxBytes: 10_000 };
    expect(handle).toMatch(/^[\w-]{32}$/);
    await expect(own.engine.nextPage(handle, 3, "another", bounds)).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(own.engine.nextPage("x".repeat(32), 3, "me", bounds)).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(own.engine.nextPage(handle, 11, "me", bounds)).rejects.toMatchObject({
      code: "invalid_input",
    });
    await expect(own.engine.nextPage(handle, -1, "me", bounds)).rejects.toMatchObject({
      code: "invalid_input",
    });
    expect(await own.engine.nextPage(handle, 8, "me", bounds)).toMatchObject({
      rows: [[8], [9]],
      more: false,
    });
    nowMs += 59_000;
    expect((await own.engine.nextPage(handle, 0, "me", bounds)).rows).toHaveLength(10);
    nowMs += 61_000;
    await expect(own.engine.nextPage(handle, 3, "me", bounds)).rejects.toMatchObject({ code: "not_found" });
  } finally {
    await own.close();
  }
});

test("a result larger than may be kept is cut, and says so", async () => {
  const own = await startTestSql({ maxResultBytes: 10_000 });
  try {
    const page = await own.run("SELECT range FROM range(100000)", [], { maxRows: 10, keepRest: true });
    expect(page.totalRows).toBeUndefined();
    expect(page.notes[0]).toMatch(
      /larger than lake.query.maxResultBytes \(10000\); its first \d{4} rows are kept/,
    );
  } finally {
    await own.close();
  }
});

test("progress is reported while a long query gives rows", async () => {
  const updates: unknown[] = [];
  await sql.engine.run(
    {
      sql: "SELECT md5(range::VARCHAR) FROM range(400000)",
      tables: [],
      maxRows: 10,
      maxBytes: 10_000,
      keepRest: true,
      owner: "me",
    },
    { signal: new AbortController().signal, progress: (update) => updates.push(update) },
  );
  expect(updates.length).toBeGreaterThan(0);
  expect(updates[0]).toMatchObject({ done: expect.any(Number), message: "rows" });
});
