import { expect, test } from "vitest";
import { quoteTrino, readStatement, writeStatement } from "./statement.ts";

const tables = (sql: string) => readStatement(sql).relations.map(({ parts }) => parts.join("."));

test.each([
  ["SELECT 1", []],
  ["SELECT * FROM a.b", ["a.b"]],
  ["(SELECT * FROM a.b)", ["a.b"]],
  ['SELECT * FROM "A"."b c", d . e AS x (p, q), (f.g JOIN h.i ON true)', ["a.b c", "d.e", "f.g", "h.i"]],
  [
    "SELECT * FROM a.b x CROSS JOIN c.d LEFT JOIN LATERAL (SELECT * FROM e.f) z ON x.a = z.a, g.h",
    ["a.b", "c.d", "e.f", "g.h"],
  ],
  ["SELECT * FROM a.b CROSS JOIN UNNEST(a.b.list) WITH ORDINALITY AS t (x, n)", ["a.b"]],
  ["SELECT extract(YEAR FROM a.day), trim(BOTH ' ' FROM x.y), substring(s.t FROM 2) FROM a.b", ["a.b"]],
  [
    "SELECT a.x IS DISTINCT FROM c.d, a.x IS NOT DISTINCT FROM e.f FROM a.b WHERE a.x IS DISTINCT FROM g.h",
    ["a.b"],
  ],
  ["WITH t AS (SELECT * FROM a.b), u (x) AS (SELECT * FROM t) SELECT * FROM u JOIN t USING (x)", ["a.b"]],
  ["WITH RECURSIVE t (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t", []],
  ["SELECT * FROM (VALUES (1, 2), (3, 4)) v (x, y), a.b", ["a.b"]],
  [
    "SELECT 1 FROM a.b UNION (SELECT 2 FROM c.d) EXCEPT SELECT 3 FROM e.f ORDER BY 1, 2",
    ["a.b", "c.d", "e.f"],
  ],
  [
    "SELECT x FROM a.b WHERE x IN (SELECT y FROM c.d) AND EXISTS (WITH q AS (SELECT 1 FROM e.f) SELECT * FROM q)",
    ["a.b", "c.d", "e.f"],
  ],
  [
    "SELECT sum(x) FILTER (WHERE y > 1) OVER (PARTITION BY z, w ORDER BY v) FROM a.b GROUP BY GROUPING SETS ((x, y), (z))",
    ["a.b"],
  ],
  ["SELECT * FROM a.b LIMIT 10 -- , c.d\n", ["a.b"]],
  ["SELECT '-- not a comment' /* , x.y */ FROM/**/a.b;", ["a.b"]],
  [
    "SELECT ARRAY[1, 2][1], MAP(ARRAY['a'], ARRAY[2])['a'], x -> x + 1 FROM a.b FOR TIMESTAMP AS OF TIMESTAMP '2024-01-01 00:00:00 UTC'",
    ["a.b"],
  ],
])("finds every table of %s", (sql, expected) => {
  expect(tables(sql)).toEqual(expected);
});

test("a CTE is one only where it can be seen", () => {
  expect(tables("SELECT * FROM (WITH t AS (SELECT 1) SELECT * FROM t) JOIN t ON true")).toEqual(["t"]);
  expect(tables("WITH t AS (SELECT * FROM u), u AS (SELECT 1) SELECT * FROM t")).toEqual(["u"]);
  expect(tables("WITH t AS (SELECT * FROM t) SELECT * FROM t")).toEqual(["t"]);
});

test("words that could be aliases do not hide the table after a comma", () => {
  for (const alias of [
    "limit",
    "offset",
    "fetch",
    "window",
    "filter",
    "within",
    "over",
    "lateral",
    "view",
    "values_",
  ]) {
    expect(tables(`SELECT * FROM a.b ${alias}, secret.t`)).toContain("secret.t");
  }
  expect(
    tables("SELECT * FROM a.b x JOIN c.d y ON listagg(p) WITHIN GROUP (ORDER BY q) = 'x', secret.t"),
  ).toContain("secret.t");
});

test.each([
  ["", /empty/],
  ["-- nothing", /empty/],
  ["INSERT INTO a.b SELECT 1", /begins with INSERT/],
  ["CREATE TABLE a.b AS SELECT 1", /begins with CREATE/],
  ["UNLOAD (SELECT * FROM a.b) TO 's3://x/' WITH (format = 'PARQUET')", /begins with UNLOAD/],
  ["EXECUTE q USING 1", /begins with EXECUTE/],
  ["EXPLAIN ANALYZE SELECT 1", /begins with EXPLAIN/],
  ["USING EXTERNAL FUNCTION f(x INT) RETURNS INT LAMBDA 'f' SELECT f(1)", /begins with USING/],
  ["WITH FUNCTION f(x INT) RETURNS INT RETURN 1 SELECT f(1)", /no AS/],
  ["SHOW TABLES", /begins with SHOW/],
  ["TABLE a.b", /begins with TABLE/],
  ["VALUES (1)", /begins with VALUES/],
  ["SELECT 1; SELECT 2", /Two statements/],
  ["SELECT 1; DROP TABLE a.b", /Two statements/],
  ["WITH t AS (INSERT INTO a.b SELECT 1) SELECT * FROM t", /uses INSERT/],
  ["SELECT * INTO a.b FROM c.d", /uses INTO/],
  ["SELECT * FROM TABLE(mysql.system.query(query => 'DELETE FROM x'))", /uses TABLE/],
  ["SELECT * FROM mysql.system.query(1)", /cannot be used in FROM/],
  ["SELECT a.b.f(1) FROM c.d", /function f of a schema/],
  ["SELECT * FROM a.b MATCH_RECOGNIZE (PATTERN (A) DEFINE A AS true)", /MATCH_RECOGNIZE/],
  ["SELECT ? FROM a.b", /character "\?"/],
  ["SELECT `x` FROM a.b", /backquote/],
  ["SELECT $$x$$ FROM a.b", /character "\$"/],
  ["SELECT E'a\\' FROM secret.t --' FROM a.b", /letter E/],
  ["SELECT 1 /* a /* b */ FROM secret.t */ FROM a.b", /comment inside/],
  ["SELECT 'x FROM a.b", /never closed/],
  ["SELECT 1 /* FROM a.b", /never closed/],
  ["SELECT * FROM 2024_orders", /begins with a digit/],
  ["SELECT * FROM (a.b", /never closes/],
  ["SELECT (FROM a.b) FROM c.d", /FROM without a SELECT/],
  ["SELECT f(x FROM a.b) FROM c.d", /FROM without a SELECT/],
  ["SELECT 1) FROM a.b", /never opens/],
  ["SELECT * FROM", /its end/],
  ["SELECT 1\u00a0FROM a.b", /outside quotes/],
  ["SELECT '\0'", /NUL/],
  [`SELECT ${"(".repeat(300)}1${")".repeat(300)}`, /nested deeper/],
])("refuses %s", (sql, message) => {
  expect(() => readStatement(sql)).toThrow(message);
});

test("a statement is written again with its tables in full, its sources in front and no comments", () => {
  const write = (sql: string, ctes?: ReadonlyMap<string, string>) =>
    writeStatement(readStatement(sql), ({ parts }) => parts.map(quoteTrino).join("."), ctes);
  expect(write("SELECT a.b.x /* c */FROM a . B -- y\nWHERE x='a''b'")).toBe(
    `SELECT a.b.x FROM "a"."b" WHERE x='a''b'`,
  );
  const ctes = new Map([["o", '"a"."b"']]);
  expect(write("SELECT * FROM o", ctes)).toBe('WITH "o" AS (SELECT * FROM "a"."b") SELECT * FROM "o"');
  expect(write("WITH x AS (SELECT 1) SELECT * FROM o", ctes)).toBe(
    'WITH "o" AS (SELECT * FROM "a"."b"), x AS (SELECT 1) SELECT * FROM "o"',
  );
  expect(write("with recursive x AS (SELECT 1) SELECT * FROM o", ctes)).toBe(
    'WITH RECURSIVE "o" AS (SELECT * FROM "a"."b"), x AS (SELECT 1) SELECT * FROM "o"',
  );
});

test("a statement of many thousand tokens is read in one go", () => {
  const sql = `SELECT ${"x + ".repeat(30_000)}1 FROM a.b`;
  expect(tables(sql)).toEqual(["a.b"]);
});
