import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestSql, type TestSql, testScope } from "../../../../test/harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql();
});
afterAll(() => sql.close());

test.each([
  ["SELECT * FROM t LIMIT 7"],
  ["SELECT a, u.b AS c FROM 's3://b/k.csv' u LIMIT 7"],
  ["SELECT * EXCLUDE (a) FROM t LIMIT 7"],
])("takes the first rows as they are: %s", async (statement) => {
  expect((await sql.engine.plan(statement, testScope())).firstRows).toBe(7);
});

test.each([
  ["SELECT * FROM t"],
  ["SELECT * FROM t WHERE a > 0 LIMIT 1"],
  ["SELECT * FROM t ORDER BY a LIMIT 1"],
  ["SELECT DISTINCT a FROM t LIMIT 1"],
  ["SELECT count(*) FROM t LIMIT 1"],
  ["SELECT a FROM t GROUP BY ALL LIMIT 1"],
  ["SELECT a FROM t GROUP BY a LIMIT 1"],
  ["SELECT * FROM t LIMIT 1 OFFSET 2"],
  ["SELECT * FROM t LIMIT 10%"],
  ["SELECT * FROM t LIMIT (SELECT 1)"],
  ["SELECT * FROM t TABLESAMPLE 5 ROWS LIMIT 1"],
  ["SELECT * FROM t USING SAMPLE 5 ROWS LIMIT 1"],
  ["SELECT t.* FROM t, u LIMIT 1"],
  ["SELECT * FROM (SELECT * FROM t) LIMIT 1"],
  ["WITH u AS (SELECT 1) SELECT * FROM t LIMIT 1"],
  ["SELECT * FROM t UNION ALL SELECT * FROM t LIMIT 1"],
  ["SELECT row_number() OVER () FROM t LIMIT 1"],
  ["SELECT * FROM t QUALIFY row_number() OVER () > 1 LIMIT 1"],
])("asks for more: %s", async (statement) => {
  expect((await sql.engine.plan(statement, testScope())).firstRows).toBeUndefined();
});
