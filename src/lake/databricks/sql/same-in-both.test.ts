import { expect, test } from "vitest";
import { withNullOrder } from "./null-order.ts";
import { differenceInDuckDb } from "./same-in-both.ts";

test.each([
  "SELECT count(*) FROM 'databricks://a.b.c'",
  "SELECT status, sum(total) AS s FROM t WHERE total > -1 AND day >= DATE '2025-01-01' GROUP BY status HAVING count(*) > 3",
  "WITH a AS (SELECT * FROM t) SELECT a.x, lag(y) OVER (PARTITION BY x ORDER BY y) FROM a JOIN u USING (x)",
  "SELECT CASE WHEN name LIKE 'a%' THEN name ELSE coalesce(name, 'it''s') END FROM t LIMIT 10 OFFSET 5",
  "SELECT y + 1 - 2 FROM u",
  "SELECT /*+ BROADCAST(o) */ a FROM t",
])("%s means the same in both", (sql) => {
  expect(differenceInDuckDb(sql)).toBeUndefined();
});

test.each([
  ["SELECT a / b FROM t", "/ works differently"],
  ["SELECT a % 2 FROM t", "% works differently"],
  ["SELECT xs[0] FROM t", "[ works differently"],
  ["SELECT day - start FROM t", "- gives other types"],
  ["SELECT CAST(a AS INT) FROM t", "CAST works differently"],
  ["SELECT a::int FROM t", ":: works differently"],
  ["SELECT avg(a) FROM t", "avg() is not known"],
  ["SELECT `a` FROM t", "backticks"],
  ["SELECT 'a\\n' FROM t", "\\ in a text"],
  ["SELECT 10L FROM t", "10L is no number"],
  ["SELECT ts > TIMESTAMP '2025-01-01' FROM t", "TIMESTAMP works differently"],
  ["SELECT day + INTERVAL 1 DAY FROM t", "INTERVAL works differently"],
  ["SELECT a LIKE b FROM t", "LIKE of what is no text"],
  ["SELECT a RLIKE 'x' FROM t", "RLIKE works differently"],
  ["SELECT a ILIKE 'x' FROM t", "ILIKE works differently"],
  ["SELECT upper(a) FROM t", "upper() is not known"],
  ["SELECT 'x' || a FROM t", "|| works differently"],
  ["SELECT x FROM t UNION ALL SELECT y FROM u", "UNION works differently"],
  ["SELECT count(*) FROM t WHERE owner = current_user", "current_user works differently"],
  ["SELECT 'a' 'b'", "is a name"],
  ["SELECT 1 -- c\r + 1", "a comment ends elsewhere"],
  ["SELECT /*+ BROADCAST(o) */ a[0] FROM t ORDER BY x", "[ works differently"],
  // What cannot be read is never taken for the same.
  ["SELECT concat(a, b) FROM t WHERE größe > 1", "cannot be read as Databricks SQL"],
  ['SELECT 7 / 2 AS "Total" FROM t', "cannot be read as Databricks SQL"],
  ["SELECT 1_000, concat(a, b) FROM t", "cannot be read as Databricks SQL"],
  ["SELECT x'1F', concat(a, b) FROM t", "cannot be read as Databricks SQL"],
  ["SELECT $1, concat(a, b) FROM t", "cannot be read as Databricks SQL"],
  ["SELECT a\u00a0, concat(a, b) FROM t", "cannot be read as Databricks SQL"],
])("%s may not", (sql, words) => {
  expect(differenceInDuckDb(sql)).toContain(words);
});

test.each([
  ["SELECT a FROM t ORDER BY a", "SELECT a FROM t ORDER BY a NULLS FIRST"],
  ["SELECT a FROM t ORDER BY a, b DESC;", "SELECT a FROM t ORDER BY a NULLS FIRST, b DESC NULLS LAST;"],
  [
    "SELECT a FROM t ORDER BY f(a, b) NULLS LAST, c LIMIT 3",
    "SELECT a FROM t ORDER BY f(a, b) NULLS LAST, c NULLS FIRST LIMIT 3",
  ],
  [
    "SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS 1 PRECEDING) FROM t",
    "SELECT sum(a) OVER (PARTITION BY b ORDER BY c NULLS FIRST ROWS 1 PRECEDING) FROM t",
  ],
  [
    "SELECT a FROM t ORDER BY (SELECT max(b) FROM u ORDER BY 'x', 1 DESC)",
    "SELECT a FROM t ORDER BY (SELECT max(b) FROM u ORDER BY 'x' NULLS FIRST, 1 DESC NULLS LAST) NULLS FIRST",
  ],
  ["SELECT 'ORDER BY a' FROM t -- ORDER BY b", "SELECT 'ORDER BY a' FROM t -- ORDER BY b"],
  [
    "SELECT a FROM t ORDER BY a -- down\n; -- end",
    "SELECT a FROM t ORDER BY a NULLS FIRST -- down\n; -- end",
  ],
  ["SELECT /*+ X */ a FROM t ORDER BY a", "SELECT /*+ X */ a FROM t ORDER BY a NULLS FIRST"],
])("%s sorts as Spark does", (sql, written) => {
  expect(withNullOrder(sql)).toBe(written);
});
