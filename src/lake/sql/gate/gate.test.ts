import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestSql, type TestSql, testScope } from "../../../../test/harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 2 });
});
afterAll(() => sql.close());

test("names the tables of FROM as they are written, and no CTE", async () => {
  const plan = await sql.engine.plan(
    `WITH orders AS (SELECT * FROM 's3://demo-lake/orders/'), RECENT AS (SELECT * FROM ORDERS)
       SELECT * FROM recent JOIN "My Table" USING (id) JOIN customers c USING (id)
       WHERE id IN (SELECT id FROM customers) AND EXISTS (WITH x AS (SELECT 1) FROM x)
       UNION SELECT * FROM range(3), unnest([1]), (VALUES (1)) v(a)`,
    testScope(),
  );
  expect(plan.tables.sort()).toEqual(["My Table", "customers", "s3://demo-lake/orders/"]);
});

test("a CTE is known after its definition only, and to itself only where it is recursive", async () => {
  const tables = async (statement: string) => (await sql.engine.plan(statement, testScope())).tables;
  expect(await tables("WITH a AS (SELECT * FROM a) SELECT * FROM a")).toEqual(["a"]);
  expect(await tables("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b")).toEqual(["b"]);
  expect(await tables("SELECT (WITH a AS (SELECT 1) SELECT * FROM a) FROM a")).toEqual(["a"]);
  expect(
    await tables("WITH RECURSIVE r AS (SELECT 1 i UNION ALL SELECT i + 1 FROM r WHERE i < 3) FROM r"),
  ).toEqual([]);
});

test.each([
  "SELECT 1 + 2 * 3 % 4 // 5 ** 2, -1, NOT true, 1 BETWEEN 0 AND 2, 'a' || 'b', 1 IN (1, 2)",
  "SELECT count(*), count(DISTINCT x), sum(x) FILTER (WHERE x > 1), list(x ORDER BY x), string_agg(x::VARCHAR, ',') FROM range(3) t(x)",
  "SELECT row_number() OVER w, rank() OVER w, lag(x, 1) OVER w, sum(x) OVER (ORDER BY x ROWS 2 PRECEDING) FROM range(3) t(x) WINDOW w AS (ORDER BY x)",
  "SELECT list_transform([1, 2], lambda x: x + 1), list_filter([1], x -> x > 0), [x * 2 FOR x IN [1, 2] IF x > 1]",
  "SELECT {'a': 1}.a, [1, 2][1], [1, 2][1:2], map {'k': 1}['k'], struct_pack(a := 1)",
  "SELECT date_trunc('month', now()), current_date, extract(year FROM DATE '2024-01-01'), INTERVAL 3 DAY, today() - 7",
  "SELECT '{\"a\":1}'::JSON ->> '$.a', json_extract('{\"a\":[1]}', '$.a[0]'), try_cast('x' AS INTEGER)",
  "SELECT COLUMNS('r.*') FROM range(3)",
  "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM (SELECT 1 a, 2 b)",
  "SELECT x, count(*) FROM range(3) t(x) GROUP BY ALL HAVING count(*) > 0 ORDER BY ALL LIMIT 5 OFFSET 0",
  "SELECT x FROM range(3) t(x) QUALIFY row_number() OVER (ORDER BY x) = 1",
  "SELECT grouping(x), x FROM range(3) t(x) GROUP BY GROUPING SETS ((x), ())",
  "SELECT * FROM range(3) t(x) PIVOT (count(*) FOR x IN (1, 2))",
  "UNPIVOT (SELECT 1 a, 2 b) ON a, b INTO NAME n VALUE v",
  "SELECT * FROM range(3) a(x) ASOF JOIN range(3) b(y) ON x >= y",
  "SELECT * FROM range(3) a(x) LEFT JOIN LATERAL (SELECT x + 1) b(y) ON true SEMI JOIN range(2) c(x) USING (x)",
  "FROM range(3) SELECT sum(range)",
  "VALUES (1, 'a'), (2, 'b')",
  "SELECT unnest([1, 2, 3]), unnest({'a': 1})",
  "SELECT coalesce(NULL, 1), nullif(1, 1), ifnull(NULL, 2), if(true, 1, 2), CASE WHEN true THEN 1 END, greatest(1, 2)",
  "SELECT 'abc' LIKE 'a%', 'abc' ILIKE 'A%', 'abc' SIMILAR TO 'a.*', regexp_extract('abc', 'b'), 'abc' GLOB 'a*', 'a' COLLATE NOCASE = 'A'",
  "SELECT approx_quantile(x, 0.5), quantile_cont(x, [0.25, 0.75]), median(x), mode(x), stddev(x), histogram(x) FROM range(9) t(x)",
  "SELECT * FROM range(100) USING SAMPLE 10",
  "SELECT random() < 2, uuid() IS NOT NULL, md5('a'), hash(1) IS NOT NULL",
  "WITH t AS MATERIALIZED (SELECT 1 a) SELECT * FROM t UNION BY NAME SELECT 2 a INTERSECT SELECT 1 EXCEPT SELECT 3",
  "SELECT strftime(TIMESTAMP '2024-01-01', '%Y'), TIMESTAMPTZ '2024-01-01 00:00:00+02' AT TIME ZONE 'Europe/Paris'",
  "SELECT (SELECT max(x) FROM range(3) t(x)), ARRAY(SELECT 1), 1 = ANY(SELECT 1), EXISTS (SELECT 1)",
])("lets pass and run: %s", async (statement) => {
  expect((await sql.run(statement)).columns.length).toBeGreaterThan(0);
});

test("a syntax error says where, with the parser's own words", async () => {
  await expect(sql.engine.plan("SELECT a\nFROM t WHER x = 1", testScope())).rejects.toThrow(
    'The statement has a syntax error (line 2, column 13): syntax error at or near "x"',
  );
});

test.each([
  [
    "SELECT * FROM read_text('/etc/passwd')",
    "read_text() cannot be used in FROM: write a named table there, or one of range(), generate_series(), unnest().",
  ],
  [
    "SELECT 1; DROP TABLE x",
    "2 statements were given (SELECT; DROP); one SELECT is allowed. Send each SELECT as a call of its own.",
  ],
  [
    "SELECT 1; SELECT 2",
    "2 statements were given; one SELECT is allowed. Send each SELECT as a call of its own.",
  ],
  ["DROP TABLE x -- ; y", "Allowed is one SELECT; this is DROP."],
  ["COPY t TO 'a;b'", "Allowed is one SELECT; this is COPY."],
])("of %s it says what is wrong", async (statement, message) => {
  await expect(sql.engine.plan(statement, testScope())).rejects.toMatchObject({
    code: "invalid_input",
    message,
  });
});
