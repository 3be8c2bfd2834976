import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

const read = (uri: string, more: Record<string, unknown> = {}) =>
  lake.output("lake_read_rows", { uri, ...more });

describe("Parquet", () => {
  test("keeps every type exact", async () => {
    const uri = await lake.put(
      "types.parquet",
      await parquetOf(`SELECT 9007199254740993::BIGINT AS big, 12345678901234567890123456789012.345678::DECIMAL(38,6) AS money,
        TIMESTAMP '2025-03-30 01:30:00.123456' AS local, TIMESTAMPTZ '2025-03-30 01:30:00+02' AS zoned,
        DATE '0001-01-01' AS day, '\\x00\\xFF'::BLOB AS raw, {'a': [1, 2], 'b': NULL} AS nested, MAP {'k': 1} AS map,
        'nan'::DOUBLE AS nan, NULL::INTEGER AS nothing, true AS yes, '{}'::JSON AS json`),
    );
    const { columns, rows } = await read(uri);
    const row = Object.fromEntries(
      columns.map(({ name }: { name: string }, at: number) => [name, rows[0][at]]),
    );
    expect(row).toMatchObject({
      big: "9007199254740993",
      money: "12345678901234567890123456789012.345678",
      nothing: null,
      yes: true,
    });
    expect(String(row.local)).toContain("01:30:00.123456");
    expect(String(row.zoned)).toContain("2025-03-29");
    expect(JSON.stringify(row.nested)).toContain("[1,2]");
    expect(JSON.stringify(row.raw)).toContain("AP8=");
    const metadata = await lake.output("lake_get_metadata", { uri });
    // The engine quotes the names inside a STRUCT always, the footer where they need it.
    const unquoted = (named: unknown) => JSON.parse(JSON.stringify(named).replaceAll('\\"', ""));
    expect(unquoted(metadata.columns)).toEqual(unquoted(columns));
  });

  test.each(["wide.parquet", "wide-without-extension", "wide/p=1/a.parquet"])(
    "refuses decimals of more than 38 digits and reads the columns beside them: %s",
    async (key) => {
      // Written by pyarrow: `wide` DECIMAL(60,1), and `inside` with DECIMAL(39,2) in a list.
      const fixture = join(import.meta.dirname, "../fixtures/wide-decimals.parquet");
      const uri = await lake.put(key, await readFile(fixture));
      const query = (select: string) => ({ sql: `SELECT ${select} FROM '${uri}'` });
      expect((await lake.output("lake_query", query("id"))).rows).toEqual([[1], [2], [3]]);
      expect((await lake.output("lake_query", query("count(*), max(id)"))).rows).toEqual([[3, 3]]);
      for (const select of ["wide", "sum(wide)", "inside", "*"]) {
        expect(await lake.fault("lake_query", query(select)), select).toMatchObject({
          code: "unsupported",
          message: expect.stringMatching(/"(wide|inside)" holds decimals of more than 38 digits/),
        });
      }
      const sorted = { sql: `SELECT wide FROM '${uri}' ORDER BY id DESC LIMIT 1` };
      expect(await lake.fault("lake_query", sorted)).toMatchObject({ code: "unsupported" });
      const { columns } = await lake.output("lake_get_metadata", { uri });
      expect(columns).toContainEqual({ name: "wide", type: "DECIMAL(60,1)" });
    },
  );

  test("reads files beside one whose column holds decimals of more than 38 digits", async () => {
    const fixture = join(import.meta.dirname, "../fixtures/wide-decimals.parquet");
    await lake.put("beside/a.parquet", await parquetOf("SELECT 9 AS id, 7 AS other"));
    await lake.put("beside/b.parquet", await readFile(fixture));
    const from = "FROM 's3://lake/beside/'";
    expect((await lake.output("lake_query", { sql: `SELECT id, other ${from} ORDER BY id` })).rows).toEqual([
      [1, null],
      [2, null],
      [3, null],
      [9, 7],
    ]);
    expect(
      (await lake.output("lake_query", { sql: `SELECT id ${from} ORDER BY id DESC LIMIT 2` })).rows,
    ).toEqual([[9], [3]]);
    expect(await lake.fault("lake_query", { sql: `SELECT wide ${from}` })).toMatchObject({
      code: "unsupported",
    });
  });

  test.each([
    ["> 1", [1, 3, 4, 5]],
    [">= 3", [1, 4, 5]],
    ["<= 1", [2, 7, 8]],
    ["<= 3", [2, 3, 4, 7, 8]],
    ["= 'nan'", [1, 5]],
    ["<> 1", [1, 3, 4, 5, 7, 8]],
    ["IN (2, 'nan')", [1, 3, 5]],
    ["BETWEEN 3 AND 'nan'", [1, 4, 5]],
    ["< 1", [7, 8]],
    ["IS NULL", [6]],
  ])("finds NaN, which the statistics leave out: %s", async (condition, ids) => {
    // Written by pyarrow, row groups of two rows: the greatest values in its footer are 1, 3, none and -1.
    const fixture = join(import.meta.dirname, "../fixtures/nan-outside-statistics.parquet");
    const uri = await lake.put("nan.parquet", await readFile(fixture));
    for (const column of ["f", "g"]) {
      const sql = `SELECT id FROM '${uri}' WHERE ${column} ${condition} ORDER BY id`;
      const { rows } = await lake.output("lake_query", { sql });
      expect(rows, column).toEqual(ids.map((id) => [id]));
    }
  });

  test("gives NaN as the greatest value, which the statistics leave out", async () => {
    const fixture = join(import.meta.dirname, "../fixtures/nan-outside-statistics.parquet");
    const uri = await lake.put("nan.parquet", await readFile(fixture));
    const sql = `SELECT max(f), min(f), max(g) FROM '${uri}'`;
    expect((await lake.output("lake_query", { sql })).rows).toEqual([["NaN", -2, "NaN"]]);
  });

  test("is described by its footer alone", async () => {
    const uri = await lake.put(
      "groups.parquet",
      await parquetOf(
        "SELECT i AS id, md5(i::VARCHAR) AS hash FROM range(10000) t(i)",
        "ROW_GROUP_SIZE 2048",
      ),
    );
    lake.server.requests.length = 0;
    expect(await lake.output("lake_get_metadata", { uri })).toMatchObject({
      format: "parquet",
      rows: { count: 10_000, exactness: "exact" },
      parquet: { rowGroups: 5, codecs: ["SNAPPY"], createdBy: expect.stringContaining("DuckDB") },
    });
    const gets = lake.server.requests.filter(
      ({ method, url }) => method === "GET" && !url.includes("list-type"),
    );
    expect(gets.every(({ headers }) => headers.range !== undefined)).toBe(true);
  });

  test("files that lack columns of others are united by name, and it is said", async () => {
    await lake.put("grown/a.parquet", await parquetOf("SELECT 1 AS id, 'x' AS name"));
    await lake.put("grown/b.parquet", await parquetOf("SELECT 'y' AS name, 2 AS id, 2.5::DOUBLE AS price"));
    const { rows } = await read("s3://lake/grown/", { columns: ["id", "name", "price"] });
    expect(rows).toEqual([
      [1, "x", null],
      [2, "y", 2.5],
    ]);
    const { columns, notes } = await lake.output("lake_get_metadata", { uri: "s3://lake/grown/" });
    expect(columns.map(({ name }: { name: string }) => name)).toEqual(["id", "name", "price"]);
    expect(notes.join()).toContain("price is in 1 of 2 files");
  });

  test("pages through many row groups in order", async () => {
    const uri = await lake.put(
      "order.parquet",
      await parquetOf("SELECT i AS id FROM range(50000) t(i)", "ROW_GROUP_SIZE 2048"),
    );
    let expected = 0;
    for (let cursor: string | undefined; ; ) {
      const page = await read(uri, { limit: 7_000, ...(cursor ? { cursor } : {}) });
      for (const [id] of page.rows)
        if (id !== expected++) throw new Error(`${id} came in place of ${expected - 1}`);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    expect(expected).toBe(50_000);
  });

  test("joins with CSV on disk under short names", async () => {
    const orders = await lake.put(
      "join/orders.parquet",
      await parquetOf("SELECT i AS id, i % 3 AS customer FROM range(9) t(i)"),
    );
    const customers = await lake.write("customers.csv", "customer,name\n0,Ann\n1,Bo\n2,Cy\n");
    const args = {
      sql: "WITH c AS (SELECT * FROM customers) SELECT name, count(*) AS n FROM Orders JOIN c USING (customer) GROUP BY 1 ORDER BY 1",
      sources: { orders, customers: { uri: customers, format: "csv" } },
    };
    expect((await lake.output("lake_query", args)).rows).toEqual([
      ["Ann", 3],
      ["Bo", 3],
      ["Cy", 3],
    ]);
    const named = `SELECT count(*) FROM '${orders}' o JOIN '${customers}' c ON o.customer = c.customer`;
    expect((await lake.output("lake_query", { sql: named })).rows).toEqual([[9]]);
  });

  test.each([
    ["cut short", async () => (await parquetOf("SELECT 1 AS a")).subarray(0, 100)],
    ["of bad magic", async () => Buffer.concat([await parquetOf("SELECT 1 AS a"), Buffer.from("XXXX")])],
    ["empty", async () => Buffer.alloc(0)],
  ])("%s is an error that says so", async (what, make) => {
    const uri = await lake.put(`bad/${what}.parquet`, await make());
    for (const tool of ["lake_read_rows", "lake_get_metadata"]) {
      const { code, message } = await lake.fault(tool, { uri });
      expect(["invalid_input", "unsupported"], `${tool}: ${message}`).toContain(code);
      expect(message).not.toContain(lake.settings.cache.dir);
    }
  });
});

describe("lake_query", () => {
  test("a table nobody named is an error that helps", async () => {
    expect(
      await lake.fault("lake_query", { sql: "SELECT * FROM ordrs", sources: { orders: "s3://lake/x.csv" } }),
    ).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining('did you mean "orders"?'),
    });
  });

  test("needs no table at all", async () => {
    expect((await lake.output("lake_query", { sql: "SELECT 1 + 1 AS two" })).rows).toEqual([[2]]);
  });

  test("a source nobody uses is not read", async () => {
    expect(
      (await lake.output("lake_query", { sql: "SELECT 1", sources: { gone: "s3://lake/gone.csv" } })).rows,
    ).toEqual([[1]]);
  });

  test.each(["/etc/passwd", "s3://other/x.csv", "/proc/self/environ"])(
    "%s is denied as a source and in FROM",
    async (uri) => {
      expect(await lake.fault("lake_query", { sql: `SELECT * FROM '${uri}'` })).toMatchObject({
        code: "denied",
      });
      expect(await lake.fault("lake_query", { sql: "SELECT * FROM t", sources: { t: uri } })).toMatchObject({
        code: "denied",
      });
    },
  );

  test("answers to the older server's table names", async () => {
    await lake.put("sales.csv", "region,amount\nnorth,3\nsouth,4\n");
    for (const table of ["data", "s3object", "csv_data", "S3Object"]) {
      const query = `SELECT sum(amount) FROM ${table} s`;
      expect(
        (await lake.output("query_csv_data", { bucket: "lake", key: "sales.csv", query })).rows,
        table,
      ).toEqual([[7]]);
    }
    expect(
      (await lake.output("read_csv_from_s3", { bucket_name: "lake", file_key: "sales.csv", max_rows: 1 }))
        .rows,
    ).toEqual([["north", 3]]);
    expect(await lake.fault("read_csv_from_s3", { bucket_name: "lake", file_ky: "sales.csv" })).toMatchObject(
      {
        message: expect.stringContaining('did you mean "file_key"?'),
      },
    );
  });
});
