import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestSql, type TestSql, testScope } from "../../../../test/harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql();
});
afterAll(() => sql.close());

test.each([
  ["SELECT v, sum(v), count(w) FROM t WHERE v > 5 AND v IN (1, 2) GROUP BY v", []],
  ["SELECT * FROM t WHERE v = '01' AND w > 5", ["v"]],
  ["SELECT * FROM t WHERE '01' < V", ["v"]],
  ["SELECT * FROM t WHERE x.v NOT IN ('1', '2')", ["x", "v"]],
  ["SELECT * FROM t WHERE v BETWEEN '1' AND '2'", ["v"]],
  ["SELECT * FROM t WHERE v = ANY(['1'])", ["v"]],
  ["SELECT CASE v WHEN '1' THEN w END FROM t", ["v"]],
  ["SELECT * FROM t WHERE d > DATE '2024-01-01'", []],
  ["SELECT * FROM t WHERE d > CAST('2024-01-01' AS VARCHAR)", ["d"]],
  ["SELECT max(v), arg_min(w, x) FROM t", ["v", "w", "x"]],
  ["SELECT max(v) OVER (), row_number() OVER (ORDER BY w) FROM t", ["v", "w"]],
  ["SELECT list(v ORDER BY w DESC) FROM t", ["w"]],
  ["SELECT a, v FROM t ORDER BY 2", ["v"]],
  ["SELECT a, sum(v) AS total FROM t GROUP BY a ORDER BY total", ["total"]],
  ["SELECT a, upper(v) FROM t ORDER BY ALL", ["a", "v"]],
  ["SELECT w FROM (SELECT v AS w FROM t) WHERE w = '1'", ["w", "v"]],
  ["SELECT * FROM t ORDER BY 1", "any"],
  ["WITH c(w) AS (SELECT v FROM t) SELECT * FROM c WHERE w = '1'", "any"],
  ["SELECT w FROM t AS r(w) WHERE w = '1'", "any"],
  ["SELECT w FROM (SELECT 1 AS w UNION ALL SELECT v FROM t) ORDER BY w", "any"],
  ["SELECT a FROM t UNION ALL SELECT b FROM t", []],
])("columns whose type decides: %s", async (statement, expected) => {
  const { typedColumns } = await sql.engine.plan(statement, testScope());
  expect(typedColumns).toEqual(expected);
});
