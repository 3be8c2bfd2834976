import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { exportSettings } from "../harness/exports.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

const exports = exportSettings("bucket");

beforeAll(async () => {
  lake = await startTestLake({ settings: { exports }, allowWrites: true });
});
afterAll(() => lake.stop());
beforeEach(() => {
  lake.server.requests.length = 0;
});

const run = (args: Record<string, unknown>) => lake.output("lake_export_query", args);
const readBack = (uri: string) => lake.output("lake_read_rows", { uri, limit: 10_000 });
const query = (sql: string) => lake.output("lake_query", { sql, limit: 10_000 });

/** A value of every type that a result can have. */
const everyType = `SELECT * FROM (VALUES (1), (2)) AS row_number(n), (SELECT
  true AS yes, 1::TINYINT AS tiny, 2::USMALLINT AS small, 9007199254740993::BIGINT AS big,
  18446744073709551615::UBIGINT AS ubig, 12345678901234567890123456789012.345678::DECIMAL(38,6) AS money,
  0.1::FLOAT AS single, 0.1::DOUBLE AS dbl, 'nan'::DOUBLE AS nan, '-infinity'::DOUBLE AS inf,
  DATE '0001-01-01' AS day, TIME '10:00:00.123456' AS clock, TIMESTAMP '2025-03-30 01:30:00.123456' AS local,
  TIMESTAMP_NS '2025-03-30 01:30:00.123456789' AS nanos, TIMESTAMPTZ '2025-03-30 01:30:00.5+02' AS zoned,
  uuid AS uuid, '\\x00\\xFF'::BLOB AS raw, 'a,"b"\n' AS text, '' AS empty, NULL::VARCHAR AS nothing,
  '{"a":[1,null]}'::JSON AS json, [1, NULL] AS list, {'a': 1, 'b': 'x'} AS struct, MAP {'k': 1.5::DECIMAL(9,2)} AS map
  FROM (SELECT '40c0c65c-f390-47bf-8a30-d0f946480cbf'::UUID AS uuid))`;

describe("lake_export_query to Parquet", () => {
  test("writes every row and type, so that reading the file gives the very result", async () => {
    const sql = `${everyType} ORDER BY n DESC -- with a comment at its end`;
    const exported = await run({ sql, name: "every-type" });
    expect(exported).toMatchObject({
      uri: "s3://lake/exports/every-type.parquet",
      rows: 2,
      format: "parquet",
    });
    expect(exported.notes).toBeUndefined();
    const [expected, found] = [await query(sql), await readBack(exported.uri)];
    expect(found.rows).toEqual(expected.rows);
    expect(found.columns).toEqual(expected.columns);
    expect(exported.columns).toEqual(expected.columns);
  });

  test("keeps all digits of types Parquet has not, and says what became of them", async () => {
    const sql = `SELECT sum(i)::HUGEINT * 1000000000000000000 AS total, INTERVAL '1 month 3.000001 seconds' AS span,
      '10:00:00+02'::TIMETZ AS meeting, [{'a': 99999999999999999999::HUGEINT}] AS nested FROM range(100) t(i)`;
    const exported = await run({ sql });
    const { columns, rows } = await readBack(exported.uri);
    expect(rows).toEqual([
      ["4950000000000000000000", "1 month 00:00:03.000001", "10:00:00+02", [{ a: "99999999999999999999" }]],
    ]);
    expect(columns[0]).toEqual({ name: "total", type: "DECIMAL(38,0)" });
    expect(exported.notes.join()).toContain('"total" HUGEINT → DECIMAL(38,0)');
  });

  test("names the members of rows by their places, and says so", async () => {
    const sql = `SELECT * FROM (VALUES (row(1, 'a'), [row(1::HUGEINT, row(2)), NULL]), (NULL, []), (row(NULL, 'b'), NULL)) AS t(r, nested)`;
    const exported = await run({ sql });
    const { columns, rows } = await readBack(exported.uri);
    expect(columns).toEqual([
      { name: "r", type: "STRUCT(_1 INTEGER, _2 VARCHAR)" },
      { name: "nested", type: "STRUCT(_1 DECIMAL(38,0), _2 STRUCT(_1 INTEGER))[]" },
    ]);
    expect(rows).toEqual([
      [{ _1: 1, _2: "a" }, [{ _1: "1", _2: { _1: 2 } }, null]],
      [null, []],
      [{ _1: null, _2: "b" }, null],
    ]);
    expect(exported.notes.join()).toContain('"r" STRUCT(INTEGER, VARCHAR) → STRUCT(_1 INTEGER, _2 VARCHAR)');
  });

  test("tells columns of one name apart, and says so", async () => {
    const exported = await run({ sql: 'SELECT 1 AS n, 2 AS n, 3 AS "N_1", 4 AS "__proto__"' });
    const { columns, rows } = await readBack(exported.uri);
    expect(columns.map(({ name }: { name: string }) => name)).toEqual(["n", "n_2", "N_1", "__proto__"]);
    expect(rows).toEqual([[1, 2, 3, 4]]);
    expect(exported.notes.join()).toContain('"n" → "n_2"');
  });

  test("writes far more rows than a page holds, in their order and row groups", async () => {
    const source = await lake.put("many.parquet", await parquetOf("SELECT i AS id FROM range(300000) t(i)"));
    const exported = await run({ sql: `SELECT id FROM '${source}' ORDER BY id DESC` });
    expect(exported.rows).toBe(300_000);
    const metadata = await lake.output("lake_get_metadata", { uri: exported.uri });
    expect(metadata).toMatchObject({
      rows: { count: 300_000, exactness: "exact" },
      parquet: { codecs: ["ZSTD"] },
    });
    expect(metadata.parquet.rowGroups).toBeGreaterThan(1);
    const first = await lake.output("lake_read_rows", { uri: exported.uri, limit: 2 });
    expect(first.rows).toEqual([[299_999], [299_998]]);
  });

  test("writes an empty result as a file with its columns", async () => {
    const exported = await run({ sql: "SELECT 1 AS a, 'x' AS b WHERE false" });
    expect(exported.rows).toBe(0);
    expect(await readBack(exported.uri)).toMatchObject({ columns: [{ name: "a" }, { name: "b" }], rows: [] });
  });
});

describe("lake_export_query to CSV", () => {
  const text = async (url: string) => (await fetch(url)).text();

  test("follows RFC 4180, every digit kept, NULL apart from the empty text", async () => {
    const sql = `SELECT 9007199254740993 AS big, 0.10::DECIMAL(9,2) AS money, TIMESTAMP '2025-03-30 01:30:00.123456' AS at,
      '' AS empty, NULL::VARCHAR AS nothing, 'a,"b"' AS quoted, chr(10) AS line, ' x ' AS blank`;
    const exported = await run({ sql, format: "csv", escapeFormulas: false });
    expect(await text(exported.url)).toBe(
      `big,money,at,empty,nothing,quoted,line,blank\r\n9007199254740993,0.10,2025-03-30 01:30:00.123456,"",,"a,""b""","\n", x \r\n`,
    );
    const { rows } = await readBack(exported.uri);
    expect(rows).toEqual([
      ["9007199254740993", 0.1, "2025-03-30T01:30:00.123456", "", null, 'a,"b"', "\n", " x "],
    ]);
  });

  test("marks cells and names that a spreadsheet could run, counts them, and can be told not to", async () => {
    const cells = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "'=1", "''@", "'x", "a=b", "", "-", "x,=1"];
    const values = cells.map((cell) => `('${cell.replaceAll("'", "''")}')`).join(", ");
    const sql = `SELECT c AS "=head", -5 AS n, '=x'::BLOB AS raw FROM (VALUES ${values}) t(c)`;
    const exported = await run({ sql, format: "csv" });
    const { columns, rows } = await readBack(exported.uri);
    expect(columns[0].name).toBe("'=head");
    expect(rows.map(([cell]: [string]) => cell)).toEqual([
      "'=1+1",
      "'+1",
      "'-1",
      "'@x",
      "'\tx",
      "'\rx",
      "'＝1",
      "''=1",
      "'''@",
      "'x",
      "a=b",
      "",
      "'-",
      "x,=1",
    ]);
    expect(rows[0].slice(1)).toEqual([-5, "'=x"]);
    expect(exported.notes.join("\n")).toMatch(/^24 cells that a spreadsheet/m);
    const bare = await run({ sql, format: "csv", escapeFormulas: false });
    expect((await readBack(bare.uri)).rows.map(([cell]: [string]) => cell)).toEqual(cells);
    expect(bare.notes).toBeUndefined();
  });
});

describe("lake_export_query", () => {
  test("gives a link that anyone can follow until it expires", async () => {
    const before = Date.now();
    const exported = await run({ sql: "SELECT 1 AS a", format: "csv", expiresSeconds: 60 });
    const answer = await fetch(exported.url);
    expect(await answer.text()).toBe("a\r\n1\r\n");
    expect(exported.url).toContain("X-Amz-Expires=60&");
    expect(Date.parse(exported.expiresAt) - before).toBeGreaterThanOrEqual(60_000);
    const { code, message } = await lake.fault("lake_export_query", {
      sql: "SELECT 1",
      expiresSeconds: 7_201,
    });
    expect({ code, message }).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("7200"),
    });
  });

  test("gives a link that nobody can follow once it has expired", async () => {
    const exported = await run({ sql: "SELECT 2 AS a", format: "csv", expiresSeconds: 1 });
    await sleep(Date.parse(exported.expiresAt) + 1_100 - Date.now());
    expect((await fetch(exported.url)).status).toBe(403);
  });

  test("asked again of the same data gives the same object; of other data, another", async () => {
    const source = await lake.put("again.csv", "id\n1\n2\n");
    const first = await run({ sql: "SELECT * FROM t", sources: { t: source } });
    lake.server.requests.length = 0;
    const again = await run({ sql: "SELECT * FROM t", sources: { t: source } });
    expect(again).toMatchObject({
      uri: first.uri,
      rows: 2,
      columns: first.columns,
      sizeBytes: first.sizeBytes,
    });
    expect(again.notes.join()).toContain("made before");
    expect(lake.server.requests.filter(({ method }) => method === "PUT")).toEqual([]);
    await lake.put("again.csv", "id\n1\n2\n3\n");
    expect(await run({ sql: "SELECT * FROM t", sources: { t: source } })).toMatchObject({ rows: 3 });
    const keyed = await run({ sql: "SELECT * FROM t", sources: { t: source }, idempotencyKey: "k" });
    await lake.put("again.csv", "id\n1\n");
    const keyedAgain = await run({ sql: "SELECT * FROM t", sources: { t: source }, idempotencyKey: "k" });
    expect(keyedAgain).toMatchObject({ uri: keyed.uri, rows: 3 });
  });

  test("asked twice at once writes one object, and gives it to both", async () => {
    const args = { sql: "SELECT i FROM range(100000) t(i)" };
    const [one, other] = await Promise.all([run(args), run(args)]);
    expect(one.uri).toBe(other.uri);
    expect([one.rows, other.rows]).toEqual([100_000, 100_000]);
    const body = await (await fetch(other.url)).arrayBuffer();
    expect([one.sizeBytes, other.sizeBytes]).toEqual([body.byteLength, body.byteLength]);
    expect([one, other].filter(({ notes }) => notes?.join().includes("made before"))).toHaveLength(1);
  });

  test("never overwrites", async () => {
    await lake.put("exports/taken.parquet", "precious");
    const args = { sql: "SELECT 1", name: "taken" };
    expect(await lake.fault("lake_export_query", args)).toMatchObject({ code: "conflict" });
    const { sizeBytes } = await lake.lake.stores.head(
      lake.lake.stores.resolve("s3://lake/exports/taken.parquet"),
      new AbortController().signal,
    );
    expect(sizeBytes).toBe(8);
  });

  test.each([
    [{ folder: "s3://lake/" }, "denied"],
    [{ folder: "s3://lake/exports-evil/" }, "denied"],
    [{ folder: "s3://lake/exports/../orders/" }, "denied"],
    [{ folder: "s3://other/exports/" }, "denied"],
    [{ folder: "/srv/data/" }, "denied"],
    [{ folder: "s3://lake/exports/deep" }, "invalid_input"],
    [{ name: "../x" }, "invalid_input"],
    [{ name: "a/b" }, "invalid_input"],
    [{ name: '"\r\nx' }, "invalid_input"],
    [{ name: "x.csv" }, "invalid_input"],
    [{ sql: "DROP TABLE x" }, "invalid_input"],
    [{ sql: "COPY (SELECT 1) TO '/tmp/x'" }, "invalid_input"],
    [{ sql: "SELECT nope FROM range(3)" }, "invalid_input"],
    [{ sql: "SELECT $1" }, "invalid_input"],
    [{ sql: "SELECT * FROM '/etc/passwd'" }, "denied"],
  ])("refuses %j, and writes nothing", async (args, code) => {
    expect(await lake.fault("lake_export_query", { sql: "SELECT 1", ...args })).toMatchObject({ code });
    expect(lake.server.requests.filter(({ method }) => method === "PUT" || method === "POST")).toEqual([]);
  });

  test("stops at the size a file may have", async () => {
    const sql = "SELECT md5(i::VARCHAR) AS a, md5((i+1)::VARCHAR) AS b FROM range(100000000) t(i)";
    for (const format of ["csv", "parquet"]) {
      const { code, message } = await lake.fault("lake_export_query", { sql, format });
      expect({ code, message }).toMatchObject({
        code: "too_large",
        message: expect.stringContaining("67108864"),
      });
    }
  });

  test("larger files go up in parts and come back whole", async () => {
    const sql = "SELECT i, md5(i::VARCHAR) AS a FROM range(600000) t(i)";
    const exported = await run({ sql, format: "csv" });
    expect(exported.sizeBytes).toBeGreaterThan(20_000_000);
    const parts = lake.server.requests.filter(({ url }) => url.includes("partNumber="));
    expect(parts.length).toBeGreaterThanOrEqual(3);
    const completion = lake.server.requests.find(
      ({ method, url }) => method === "POST" && url.includes("uploadId="),
    );
    expect(completion?.headers["if-none-match"]).toBe("*");
    const body = await text(exported.url);
    expect(body.length).toBe(exported.sizeBytes);
    expect(body.split("\r\n").length).toBe(600_002);
  });

  const text = async (url: string) => (await fetch(url)).text();
});
