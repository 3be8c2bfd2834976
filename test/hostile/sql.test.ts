import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csvScan, startTestSql, type TestSql, testScope } from "../harness/sql-engine.ts";

let sql: TestSql;
let canary: string;

beforeAll(async () => {
  sql = await startTestSql();
  canary = join(sql.dir, "canary.csv");
  await writeFile(canary, "secret\nthe-canary\n");
});
afterAll(() => sql.close());

/** Statements by what they try. `CANARY` is a real file outside the call's own. */
const refused: Record<string, string[]> = {
  "file functions, however spelled": [
    "SELECT * FROM read_text('CANARY')",
    "SELECT * FROM READ_TEXT('CANARY')",
    "SELECT * FROM \"read_text\"('CANARY')",
    "SELECT * FROM main.read_text('CANARY')",
    "SELECT * FROM system.main.read_text('CANARY')",
    "FROM read_csv('CANARY')",
    "FROM read_csv_auto(['CANARY'])",
    "FROM read_json('CANARY')",
    "FROM read_ndjson_objects('CANARY')",
    "FROM read_blob('CANARY')",
    "FROM read_parquet('CANARY')",
    "FROM parquet_scan('CANARY')",
    "FROM parquet_metadata('CANARY')",
    "FROM parquet_schema('CANARY')",
    "FROM parquet_kv_metadata('CANARY')",
    "FROM read_duckdb('CANARY')",
    "FROM glob('/etc/*')",
    "FROM sniff_csv('CANARY')",
    "SELECT 'CANARY'.read_text()",
    "FROM seq_scan('t')",
    "FROM arrow_scan(1, 2, 3)",
  ],
  "file functions in subqueries and clauses": [
    "SELECT (SELECT content FROM read_text('CANARY'))",
    "SELECT 1 WHERE EXISTS (FROM read_text('CANARY'))",
    "WITH x AS (FROM read_text('CANARY')) SELECT 1",
    "WITH x AS MATERIALIZED (FROM read_text('CANARY')) SELECT * FROM x",
    "SELECT 1 ORDER BY (SELECT content FROM read_text('CANARY'))",
    "SELECT 1 LIMIT (SELECT count(*) FROM read_text('CANARY'))",
    "SELECT 1 UNION ALL SELECT content FROM read_text('CANARY')",
    "SELECT * FROM range(1), LATERAL (FROM read_text('CANARY'))",
    "SELECT list_transform([1], x -> (SELECT count(*) FROM read_text('CANARY')))",
    "SELECT sum(1) FILTER (WHERE (SELECT true FROM read_text('CANARY')))",
    "SELECT sum(1) OVER (ORDER BY (SELECT 1 FROM read_text('CANARY')))",
    "SELECT * FROM range((SELECT count(*) FROM read_text('CANARY')))",
    "SELECT ARRAY(SELECT content FROM read_text('CANARY'))",
    "SELECT 1 = ANY(SELECT 1 FROM read_text('CANARY'))",
    "PIVOT (SELECT * FROM read_text('CANARY')) ON filename IN ('a') USING count(*)",
    "SELECT * FROM range(1) TABLESAMPLE 10% UNION FROM read_text('CANARY')",
    "WITH RECURSIVE r AS (SELECT 1 UNION ALL FROM read_text('CANARY')) FROM r",
    "SELECT * REPLACE ((SELECT content FROM read_text('CANARY')) AS range) FROM range(1)",
    "SELECT 1 QUALIFY (SELECT true FROM read_text('CANARY'))",
    "SELECT CASE WHEN true THEN (SELECT content FROM read_text('CANARY')) END",
    "VALUES ((SELECT content FROM read_text('CANARY')))",
  ],
  "bare paths and names": [
    "SELECT * FROM 'CANARY'",
    'SELECT * FROM "CANARY"',
    "FROM '/etc/passwd'",
    "FROM '../canary.csv'",
    "FROM 's3://other/x.parquet'",
    "FROM 'https://example.org/x.csv'",
    "FROM './*.csv'",
    "FROM sqlite_master",
    "FROM duckdb_settings",
    "FROM pg_tables",
    'WITH "CANARY" AS (SELECT * FROM "CANARY") SELECT * FROM "CANARY"',
    'WITH a AS (SELECT * FROM "b"), b AS (SELECT 1) SELECT * FROM a',
    "SELECT * FROM (WITH q AS (SELECT 1) FROM q), q",
    'WITH RECURSIVE "CANARY" AS (SELECT * FROM "CANARY" UNION ALL SELECT * FROM "CANARY") FROM "CANARY"',
  ],
  "tables of other schemas and catalogs": [
    "FROM information_schema.tables",
    "FROM pg_catalog.pg_class",
    "FROM main.t",
    "FROM memory.main.t",
    "FROM system.information_schema.schemata",
    "FROM temp.main.x",
  ],
  "secrets, settings, variables, logs": [
    "FROM duckdb_secrets()",
    "FROM which_secret('s3://a', 's3')",
    "FROM duckdb_settings()",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('x')",
    "SELECT getenv('HOME')",
    "FROM duckdb_logs",
    "FROM duckdb_logs_parsed('FileSystem')",
    "SELECT write_log('x')",
    "FROM enable_logging('FileSystem')",
    "FROM disable_logging()",
    "FROM duckdb_extensions()",
    "FROM duckdb_temporary_files()",
    "FROM duckdb_functions()",
    "FROM pragma_version()",
    "FROM pragma_database_size()",
    "SELECT nextval('s')",
    "SELECT current_query()",
    "SELECT txid_current()",
    "SELECT sleep_ms(10000)",
    "SELECT pg_sleep(10)",
  ],
  "statements inside text": [
    "FROM query('SELECT 1')",
    "FROM query_table('CANARY')",
    "FROM query_table(['a', 'b'])",
    "FROM json_execute_serialized_sql('{}')",
    "SELECT json_serialize_sql('SELECT 1')",
    "SELECT json_deserialize_sql('{}')",
    "FROM sql_auto_complete('SELECT ')",
    "FROM summary((FROM 'CANARY'))",
  ],
  "more than one statement": [
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE x",
    "SELECT 1;;SELECT 2",
    ";",
    "",
    "-- nothing",
  ],
  "anything but SELECT": [
    "COPY (SELECT 1) TO '/tmp/x'",
    "COPY t FROM 'CANARY'",
    "ATTACH 'x.db'",
    "DETACH memory",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 100",
    "RESET threads",
    "PRAGMA database_list",
    "CALL duckdb_settings()",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "CREATE TABLE x AS SELECT 1",
    "CREATE VIEW x AS SELECT 1",
    "CREATE MACRO m() AS 1",
    "CREATE SECRET (TYPE s3)",
    "DROP TABLE t",
    "INSERT INTO t VALUES (1)",
    "UPDATE t SET a = 1",
    "DELETE FROM t",
    "TRUNCATE t",
    "VACUUM",
    "CHECKPOINT",
    "BEGIN",
    "USE memory",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "DESCRIBE t",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SUMMARIZE t",
    "SUMMARIZE 'CANARY'",
    "SELECT * FROM (DESCRIBE 'CANARY')",
    "SELECT * FROM (SHOW TABLES)",
    "PIVOT t ON a USING sum(b)",
    "SELECT $1",
    "SELECT ?",
    "SELECT $name",
    "MERGE INTO t USING u ON true WHEN MATCHED THEN DELETE",
    "COMMENT ON TABLE t IS 'x'",
    "SELECT 1 INTO x",
  ],
};

describe.each(Object.entries(refused))("%s", (_, statements) => {
  test.each(statements)("%s", async (statement) => {
    const asked = statement.replaceAll("CANARY", canary);
    await expect(sql.run(asked)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.not.stringMatching(/the-canary|scratch/),
    });
  });
});

test("the gate is what refuses: a plan fails as the run does, before any file is looked at", async () => {
  await expect(sql.engine.plan("FROM read_text('/nowhere')", testScope())).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("read_text()"),
  });
});

test("a table that is not among the sources is refused, even where its name is a file of this very call", async () => {
  const scan = csvScan(canary, ["secret"]);
  const tables = [{ name: "mine", scan }];
  expect((await sql.run("SELECT * FROM mine", tables)).rows).toEqual([["the-canary"]]);
  await expect(sql.run(`SELECT * FROM '${canary}'`, tables)).rejects.toMatchObject({ code: "invalid_input" });
});

test("one call's files and rows are gone in the next call of the same worker", async () => {
  await sql.run("SELECT * FROM mine", [{ name: "mine", scan: csvScan(canary, ["secret"]) }]);
  await expect(sql.run("SELECT * FROM mine")).rejects.toThrow(/not among this query's sources/);
});

test("a name may hold anything: quotes, dots, paths, control characters", async () => {
  const scan = csvScan(canary, ["secret"]);
  for (const name of [
    "s3://b/k=1/x.csv",
    'a"b',
    "a'b",
    "a.b.c",
    "../../etc/passwd",
    "Ünï çødé",
    "a\nb",
    "select",
  ]) {
    const page = await sql.run(`SELECT * FROM "${name.replaceAll('"', '""')}"`, [{ name, scan }]);
    expect(page.rows, name).toEqual([["the-canary"]]);
  }
});

test("two names that differ only in case are refused rather than mixed up", async () => {
  const scan = csvScan(canary, ["secret"]);
  const tables = [
    { name: "s3://b/A.csv", scan },
    { name: "s3://b/a.csv", scan },
  ];
  await expect(sql.run("SELECT * FROM 's3://b/A.csv', 's3://b/a.csv'", tables)).rejects.toThrow(
    /differ only in case/,
  );
});

describe("names the engine would answer with facts of its own session", () => {
  test.each([
    "SELECT user",
    "SELECT current_user",
    "SELECT SESSION_USER",
    'SELECT "current_role"',
    "SELECT current_catalog",
    "SELECT upper(current_schema)",
    "SELECT user AS user FROM mine",
    "SELECT secret FROM mine WHERE user = 'duckdb'",
  ])("%s is refused", async (statement) => {
    const tables = [{ name: "mine", scan: csvScan(canary, ["secret"]) }];
    await expect(sql.run(statement, tables)).rejects.toMatchObject({
      code: "invalid_input",
      message: expect.stringMatching(/No table of the statement has a column \w+/),
    });
  });

  test("a column of such a name is a column", async () => {
    const tables = [{ name: "mine", scan: csvScan(canary, ["User"]) }];
    for (const statement of [
      "SELECT user FROM mine",
      'SELECT "user" FROM mine ORDER BY user',
      "SELECT t.user FROM mine t",
      "SELECT user FROM (SELECT 'the-canary' AS user)",
      "SELECT user FROM (VALUES ('the-canary')) t(user)",
      "WITH c(user) AS (SELECT 'the-canary') SELECT user FROM c",
    ]) {
      expect((await sql.run(statement, tables)).rows, statement).toEqual([["the-canary"]]);
    }
  });
});

test("a name with NUL never reaches the engine", async () => {
  const scan = { ...csvScan(canary, ["a\0b"]) };
  await expect(sql.run("SELECT * FROM mine", [{ name: "mine", scan }])).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.stringContaining("NUL"),
  });
});

test("JSON nested deeper than 100 comes back as its text, and the worker stays", async () => {
  const [pid] = sql.engine.workerPids();
  const page = await sql.run(
    "SELECT (repeat('[', 4500) || repeat(']', 4500))::JSON AS deep, (repeat('[', 100) || repeat(']', 100))::JSON AS fair",
  );
  expect(page.rows[0]?.[0]).toBe("[".repeat(4_500) + "]".repeat(4_500));
  expect(JSON.stringify(page.rows[0]?.[1])).toBe("[".repeat(100) + "]".repeat(100));
  expect(sql.engine.workerPids()).toContain(pid);
});

test("nobody is told to install extensions", async () => {
  await expect(sql.run("SELECT '1.2.3.4'::INET")).rejects.toMatchObject({
    code: "invalid_input",
    message: expect.not.stringMatching(/INSTALL|LOAD|autoinstall/i),
  });
});
