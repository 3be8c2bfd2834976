import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  await lake.put(
    "n/a.parquet",
    await parquetOf("SELECT i, md5(i::VARCHAR) h FROM range(30000) t(i)", "ROW_GROUP_SIZE 2048"),
  );
  await lake.put("n/b.parquet", await parquetOf("SELECT i FROM range(5) t(i) WHERE i < 0"));
  const geo = `{"version":"1.0.0","primary_column":"i","columns":{"i":{"encoding":"WKB"}}}`;
  await lake.put(
    "geo.parquet",
    await parquetOf("SELECT i FROM range(5) t(i)", `KV_METADATA {geo: '${geo}'}`),
  );
  await lake.put("bad/a.parquet", "PAR1 this is none PAR1");
});
afterAll(() => lake.stop());

test.each([
  ["SELECT count(*) FROM 's3://lake/n/'", "count_star()", 30_000],
  ["SELECT count(*) AS rows FROM t AS x", "rows", 30_000],
  ["SELECT count(*) FROM 's3://lake/n/' WHERE i < 7", "count_star()", 7],
  ["SELECT count(*) FILTER (i > 29998) n FROM t", "n", 1],
  ["SELECT count(*) OVER () n FROM t LIMIT 1", "n", 30_000],
  ["SELECT count(i) n FROM t", "n", 30_000],
])("%s", async (sql, name, expected) => {
  const { columns, rows } = await lake.output("lake_query", { sql, sources: { t: "s3://lake/n/" } });
  expect(columns).toEqual([{ name, type: "BIGINT" }]);
  expect(rows).toEqual([[expected]]);
});

test("rows of Parquet are counted by footers alone, and again by none", async () => {
  const bytes = await parquetOf("SELECT i, md5(i::VARCHAR) h FROM range(60000) t(i)", "ROW_GROUP_SIZE 2048");
  const sql = `SELECT count(*) FROM '${await lake.put("counted.parquet", bytes)}'`;
  lake.server.requests.length = 0;
  const sentBytes = lake.server.sentBytes();
  await lake.output("lake_query", { sql });
  await lake.output("lake_query", { sql });
  const gets = lake.server.requests.filter(
    ({ method, url }) => method === "GET" && !url.includes("list-type"),
  );
  expect(gets.length).toBeLessThanOrEqual(2);
  expect(lake.server.sentBytes() - sentBytes).toBeLessThan(bytes.length / 10);
});

test("a file that is no Parquet is named", async () => {
  expect(await lake.fault("lake_query", { sql: "SELECT count(*) FROM 's3://lake/bad/'" })).toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("s3://lake/bad/a.parquet"),
  });
});

test("a file that the engine refuses is not counted by its footer", async () => {
  const sql = "SELECT count(*) FROM 's3://lake/geo.parquet'";
  expect(await lake.fault("lake_query", { sql })).toMatchObject({ code: "invalid_input" });
});
