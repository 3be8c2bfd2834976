import { describe, expect, test } from "vitest";
import { ToolError } from "../../../core/errors.ts";
import { createAllowedNames } from "../allowed.ts";
import { isDatabricksName, parseTableName } from "../table-name.ts";
import { gateStatement } from "./statement.ts";

const allowed = createAllowedNames([["main", "sales"]]);

function resolve(name: string) {
  const uri = name === "orders" ? "databricks://main.sales.orders" : name;
  if (!isDatabricksName(uri)) throw new ToolError("invalid_input", `The table ${name} is not among sources.`);
  const table = parseTableName(uri);
  allowed.checkTable(table);
  return table;
}

const gate = (sql: string) => gateStatement(sql, resolve);
const sent = (sql: string) => gate(sql).sql;

function fault(sql: string): ToolError {
  try {
    gate(sql);
  } catch (thrown) {
    if (thrown instanceof ToolError) return thrown;
    throw thrown;
  }
  throw new Error(`passed as: ${sent(sql).slice(0, 200)}`);
}

describe("what is sent", () => {
  test.each([
    ["SELECT 1", "SELECT 1"],
    [
      "select a, b.c from 'databricks://main.sales.orders' b;",
      "select `a` , `b` . `c` from `main`.`sales`.`orders` `b`",
    ],
    ["SELECT count(*) FROM orders", "SELECT count ( * ) FROM `main`.`sales`.`orders` AS `orders`"],
    ["SELECT * FROM main.`sales`.Orders AS o", "SELECT * FROM `main`.`sales`.`orders` AS `o`"],
    ["SELECT 'it''s', 'a\\'b', '\\\\'", "SELECT 'it\\'s' , 'a\\'b' , '\\\\'"],
    ["SELECT 'a\\' FROM main.hr.salaries --'", "SELECT 'a\\' FROM main.hr.salaries --'"],
    ["SELECT `a``b` -- c\n, /* d */ e", "SELECT `a``b` , `e`"],
    [
      "SELECT t.`from`, t.date FROM orders t",
      "SELECT `t` . `from` , `t` . `date` FROM `main`.`sales`.`orders` `t`",
    ],
    [
      "WITH a AS (SELECT 1 x), b(y) AS (SELECT x FROM A) SELECT * FROM b",
      "WITH `a` AS ( SELECT 1 `x` ) , `b` ( `y` ) AS ( SELECT `x` FROM `A` ) SELECT * FROM `b`",
    ],
    [
      "SELECT CAST(a AS DECIMAL(10,2)), b::bigint, c:d.e[0]",
      "SELECT CAST ( `a` AS DECIMAL ( 10 , 2 ) ) , `b` :: bigint , `c` : `d` . `e` [ 0 ]",
    ],
    [
      "SELECT extract(YEAR FROM d) FROM orders",
      "SELECT extract ( YEAR FROM `d` ) FROM `main`.`sales`.`orders` AS `orders`",
    ],
    [
      "SELECT * EXCEPT (a, b) FROM orders",
      "SELECT * EXCEPT ( `a` , `b` ) FROM `main`.`sales`.`orders` AS `orders`",
    ],
    ["SELECT * FROM orders VERSION AS OF 3 o", "SELECT * FROM `main`.`sales`.`orders` VERSION AS OF 3 `o`"],
  ])("%s", (sql, written) => {
    expect(sent(sql)).toBe(written);
  });

  test.each([
    "SELECT o.id, sum(l.n) FILTER (WHERE l.n > 0) s FROM orders o LEFT JOIN main.sales.lines l ON o.id = l.id AND left(o.k, 1) = 'x', main.sales.z GROUP BY ALL",
    "SELECT a, row_number() OVER (PARTITION BY b ORDER BY c DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) rn FROM orders QUALIFY rn = 1",
    "SELECT * FROM orders WHERE a IN (SELECT x FROM main.sales.z) AND EXISTS (SELECT 1) ORDER BY a NULLS LAST LIMIT 10 OFFSET 5",
    "SELECT k, e FROM orders LATERAL VIEW OUTER explode(items) t AS e",
    "SELECT * FROM orders, LATERAL explode(items) AS t(x)",
    "(SELECT a FROM orders) UNION ALL SELECT b FROM main.sales.z EXCEPT SELECT 1",
    "SELECT transform(xs, x -> x + 1), aggregate(xs, 0, (acc, x) -> acc + x) FROM orders",
    "SELECT * FROM (SELECT y, q, v FROM orders) PIVOT (sum(v) FOR q IN ('a' AS a, 'b' AS b))",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) OVER w FROM orders WINDOW w AS (PARTITION BY a)",
    "SELECT * FROM orders TABLESAMPLE (10 PERCENT) s JOIN main.sales.z USING (id, k)",
    "SELECT date '2024-01-01' + INTERVAL 1 DAY, current_date, CASE WHEN a THEN 1 ELSE 2 END FROM orders",
    "VALUES (1, 'a'), (2, 'b')",
    "SELECT * FROM (VALUES (1, 'a')) AS t(a, b) GROUP BY GROUPING SETS ((a), (a, b))",
  ])("takes %s", (sql) => {
    expect(() => gate(sql)).not.toThrow();
  });

  test("names each table once", () => {
    const { tables } = gate(
      "SELECT * FROM orders a JOIN main.sales.orders b USING (x) JOIN main.sales.z c USING (x)",
    );
    expect(tables.map(({ table }) => table)).toEqual(["orders", "z"]);
  });

  test("can be read again, and says the same", () => {
    const once = sent(
      "WITH a AS (SELECT 'x''y\\n' t, `q``r` FROM orders o) SELECT * FROM a WHERE t <=> 'z' -- end",
    );
    expect(sent(once)).toBe(once);
  });
});

describe("refused before anything is sent", () => {
  test.each([
    // Other statements, by any way of starting one.
    "",
    ";",
    "INSERT INTO main.sales.orders VALUES (1)",
    "WITH a AS (SELECT 1) INSERT INTO main.sales.orders SELECT * FROM a",
    "FROM orders INSERT INTO main.sales.x SELECT *",
    "FROM orders SELECT *",
    "SELECT 1; DROP TABLE main.sales.orders",
    "SELECT 1;;",
    "DESCRIBE main.sales.orders",
    "SHOW TABLES",
    "EXPLAIN SELECT 1",
    "TABLE main.sales.orders",
    "SELECT * FROM (TABLE main.hr.salaries)",
    "SELECT * FROM (FROM main.hr.salaries)",
    "MERGE INTO main.sales.orders USING orders ON 1 = 1 WHEN MATCHED THEN DELETE",
    "SELECT * FROM orders |> DROP a",
    "SELECT a INTO b FROM orders",
    "EXECUTE IMMEDIATE 'DROP TABLE x'",
    "BEGIN SELECT 1; END",
    "WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a",
    // Texts and comments that another parser reads otherwise.
    "SELECT 'a\\\\' FROM main.hr.salaries --'",
    "SELECT a, FROM orders",
    'SELECT "a" FROM orders',
    "SELECT r'\\' FROM orders",
    "SELECT x'00' FROM orders",
    "SELECT 'open",
    "SELECT `open",
    "SELECT /* open",
    "SELECT /*+ BROADCAST(o) */ * FROM orders o",
    "SELECT $$a$$",
    "SELECT a\u00a0FROM orders",
    "SELECT 1\u0000",
    "SELECT ?",
    "SELECT {{x}}",
    "SELECT 1a FROM orders",
    // Tables that are not allowed, wherever one can stand.
    "SELECT * FROM main.hr.salaries",
    "SELECT * FROM orders, main.hr.salaries",
    "SELECT * FROM orders JOIN main.hr.salaries USING (a)",
    "SELECT * FROM orders WHERE a IN (SELECT a FROM main.hr.salaries)",
    "SELECT (SELECT max(a) FROM main.hr.salaries)",
    "SELECT ((SELECT max(a) FROM main.hr.salaries))",
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM main.hr.salaries) THEN 1 END",
    "WITH a AS (SELECT * FROM main.hr.salaries) SELECT * FROM a",
    "SELECT 1 UNION SELECT a FROM main.hr.salaries",
    "SELECT * FROM (orders JOIN main.hr.salaries USING (a))",
    "SELECT * FROM orders ORDER BY (SELECT a FROM main.hr.salaries)",
    "SELECT * FROM orders LIMIT (SELECT a FROM main.hr.salaries)",
    "SELECT * FROM LATERAL (SELECT a FROM main.hr.salaries)",
    "SELECT * FROM 'databricks://main.hr.salaries'",
    "SELECT * FROM a.b",
    "SELECT * FROM unknown_table",
    "SELECT * FROM a WHERE x IN (WITH a AS (SELECT 1) SELECT 1)",
    "WITH b AS (SELECT * FROM a), a AS (SELECT 1) SELECT * FROM b",
    "WITH \u212A AS (SELECT 1) SELECT * FROM k",
    "SELECT * FROM system.information_schema.tables",
    // Words that Spark takes for names where it can, so that FROM would name a table.
    "SELECT NOT DISTINCT FROM main.hr.salaries",
    "SELECT IS DISTINCT FROM main.hr.salaries",
    "SELECT a IS DISTINCT FROM main.hr.salaries",
    "SELECT (x IS NOT DISTINCT FROM y)",
    "SELECT trim(FROM main.hr.salaries)",
    "SELECT * FROM orders WHERE, main.hr.salaries",
    "SELECT * FROM orders WHERE a, main.hr.salaries",
    "SELECT * FROM orders HAVING a, main.hr.salaries",
    "SELECT * FROM orders LIMIT 1, main.hr.salaries",
    "SELECT * FROM orders QUALIFY a, main.hr.salaries",
    // Files and paths in place of tables.
    "SELECT * FROM delta.`s3://bucket/path`",
    "SELECT * FROM parquet.`/etc/passwd`",
    "SELECT * FROM text.`file:/etc/passwd`",
    "SELECT * FROM 's3://bucket/x.parquet'",
    "SELECT * FROM '/etc/passwd'",
    // Functions that reach further than their arguments, in every spelling.
    "SELECT * FROM read_files('s3://bucket/')",
    "SELECT * FROM read_kafka(bootstrapServers => 'x')",
    "SELECT * FROM table_changes('main.hr.salaries', 1)",
    "SELECT * FROM remote_query('x', query => 'y')",
    "SELECT * FROM event_log('x')",
    "SELECT * FROM STREAM(orders)",
    "SELECT * FROM IDENTIFIER('main.hr.salaries')",
    "SELECT IDENTIFIER('x')('y')",
    "SELECT * FROM orders, LATERAL read_files('x')",
    "SELECT k FROM orders LATERAL VIEW my_udtf(x) t AS k",
    "SELECT reflect('java.lang.System', 'getenv', 'PATH')",
    "SELECT `reflect`('java.lang.System', 'getenv', 'PATH')",
    "SELECT java_method('java.lang.Runtime', 'x')",
    "SELECT try_reflect('a', 'b')",
    "SELECT ai_query('model', 'x')",
    "SELECT ai_gen('x')",
    "SELECT http_request(conn => 'x', method => 'GET')",
    "SELECT secret('scope', 'key')",
    "SELECT try_secret('scope', 'key')",
    "SELECT main.sales.my_function(1)",
    "SELECT `main`.`sales`.`f`(1)",
    "SELECT my_udf(1)",
    "SELECT input_file_name()",
    "SELECT current_user()",
    "SELECT current_user",
    "SELECT `session_user`",
    "SELECT is_account_group_member('x')",
    "SELECT TRANSFORM(a) USING 'cat' FROM orders",
    "SELECT TRANSFORM(a) USING 'cat' AS b FROM orders",
    "SELECT MAP(a) USING 'cat' FROM orders",
    "SELECT xpath('<a/>', 'x')",
    "SELECT from_avro(a, 'x', map('schemaRegistryAddress', 'http://x'))",
    "SELECT f (TABLE(main.hr.salaries))",
    "SELECT explode(TABLE main.hr.salaries)",
  ])("%j", (sql) => {
    expect(["invalid_input", "denied"]).toContain(fault(sql).code);
  });

  test("says what, where, and what to write", () => {
    expect(fault('SELECT a,\n  "b" FROM orders').message).toContain(
      "double quotes: write names in backticks and texts in single quotes (line 2, column 3)",
    );
    expect(fault("SELECT ai_query('m', 'x')").message).toContain(
      "the function ai_query() (line 1, column 8)",
    );
    expect(fault("SELECT 1 FROM main.hr.salaries").code).toBe("denied");
  });

  test("deep nesting is refused, not a crash", () => {
    expect(fault(`SELECT ${"(".repeat(5_000)}1${")".repeat(5_000)}`).message).toContain("100 levels");
  });

  test("a long statement that is never right is told quickly and is no crash", () => {
    expect(fault(`SELECT '${"''".repeat(90_000)}`).code).toBe("invalid_input");
    expect(fault(`SELECT ${"a,".repeat(90_000)}`).code).toBe("invalid_input");
    expect(fault(`SELECT ${"/* ".repeat(60_000)}`).code).toBe("invalid_input");
    expect(fault("x".repeat(300_000)).code).toBe("too_large");
  });
});
