import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { csvScan, ndjsonScan, startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";
import type { Scan } from "./engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 2 });
});
afterAll(() => sql.close());

async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(sql.dir, name);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
  return path;
}

async function parquet(name: string, select: string): Promise<string> {
  const path = await file(name, "");
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  return path;
}

test("Parquet files of differing columns are one table in the order of the files", async () => {
  const scan: Scan = {
    format: "parquet",
    files: [
      { path: await parquet("b.parquet", "SELECT 1 AS i, 'x' AS s"), uri: "b", partition: {} },
      { path: await parquet("a.parquet", "SELECT 2::BIGINT AS i, 1.5 AS extra"), uri: "a", partition: {} },
    ],
    partitionColumns: [],
  };
  const page = await sql.run("SELECT * FROM 's3://lake/t/'", [{ name: "s3://lake/t/", scan }]);
  expect(page.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
    "i BIGINT",
    "s VARCHAR",
    "extra DECIMAL(2,1)",
  ]);
  expect(page.rows).toEqual([
    [1, "x", null],
    [2, null, "1.5"],
  ]);
});

test("partition columns have their type, any text, and prune files", async () => {
  const values = ["2024", null, "2025", "null", "a b/c=d%2F'\"é"];
  const files = await Promise.all(
    values.map(async (year, at) => ({
      path: await parquet(`p${at}.parquet`, `SELECT ${at} AS i, 'own' AS year`),
      uri: `p${at}`,
      partition: { year, "Odd name": `v${at}` },
    })),
  );
  const text: Scan = {
    format: "parquet",
    files,
    partitionColumns: [
      { name: "year", type: "VARCHAR" },
      { name: "Odd name", type: "VARCHAR" },
    ],
  };
  const all = await sql.run('SELECT i, year, "Odd name" FROM t ORDER BY i', [{ name: "t", scan: text }]);
  expect(all.rows).toEqual(values.map((year, at) => [at, year, `v${at}`]));
  const typed: Scan = {
    ...text,
    files: files.slice(0, 3),
    partitionColumns: [{ name: "year", type: "BIGINT" }],
  };
  const some = await sql.run("SELECT i, year + 1 FROM t WHERE year >= 2025 OR year IS NULL ORDER BY i", [
    { name: "t", scan: typed },
  ]);
  expect(some.rows).toEqual([
    [1, null],
    [2, 2026],
  ]);
});

test("CSV and NDJSON have partitions too, and no file is an empty table with columns", async () => {
  const csv = csvScan(await file("part.csv", "a\n1\n"), ["a"]);
  csv.partitionColumns = [{ name: "day", type: "DATE" }];
  csv.files = csv.files.map((one) => ({ ...one, partition: { day: "2024-01-02" } }));
  expect((await sql.run("SELECT * FROM t", [{ name: "t", scan: csv }])).rows).toEqual([["1", "2024-01-02"]]);
  const ndjson = ndjsonScan(await file("part.ndjson", '{"a":1}\n'), [{ name: "a", type: "BIGINT" }]);
  ndjson.partitionColumns = [{ name: "day", type: "DATE" }];
  ndjson.files = ndjson.files.map((one) => ({ ...one, partition: { day: null } }));
  expect((await sql.run("SELECT * FROM t", [{ name: "t", scan: ndjson }])).rows).toEqual([[1, null]]);
  const none = await sql.run("SELECT * FROM t", [{ name: "t", scan: { ...csv, files: [] } }]);
  expect(none).toMatchObject({
    rows: [],
    totalRows: 0,
    columns: [{ name: "a" }, { name: "day", type: "DATE" }],
  });
});

test.each([
  ["blank lines", "a\n\n\nb\n", ["a", "", "", "b"]],
  ["no last line end", "a\nb", ["a", "b"]],
  ["CRLF", "a\r\n\r\nb \r\n", ["a", "", "b "]],
  ["mixed line ends and returns within", "a\r\nb\nc\rd\n", ["a", "b", "c\rd"]],
  ["quotes, separators, escapes", '"a,b\n\\"c\';|\t#\n', ['"a,b', "\\\"c';|\t#"]],
  [
    "control characters, all of them",
    `${String.fromCharCode(...Array.from({ length: 32 }, (_, at) => at).filter((at) => at !== 10))}\nb\n`,
    [String.fromCharCode(...Array.from({ length: 32 }, (_, at) => at).filter((at) => at !== 10)), "b"],
  ],
  [
    "marks, separators of Unicode",
    "\ufefffirst\n\ufeffmark\n\u2028x\u0085\n",
    ["first", "\ufeffmark", "\u2028x\u0085"],
  ],
  ["an empty file", "", []],
  ["one empty line", "\n", [""]],
  ["a long line", `${"x".repeat(3_000_000)}\ny`, ["x".repeat(3_000_000), "y"]],
])("text is given line by line: %s", async (name, text, lines) => {
  const path = await file(`${name}.txt`, text);
  const scan: Scan = {
    format: "text",
    files: [{ path, uri: "s3://lake/t.txt", partition: {} }],
    partitionColumns: [],
  };
  const page = await sql.run("SELECT line_number, line FROM t", [{ name: "t", scan }], {
    maxBytes: 8_000_000,
  });
  expect(page.rows).toEqual(lines.map((line, at) => [at + 1, line]));
});

test("text that is not UTF-8 is refused by its line", async () => {
  const path = await file("bad.txt", Buffer.from([0x61, 0x0a, 0xff, 0x0a]));
  const scan: Scan = {
    format: "text",
    files: [{ path, uri: "s3://lake/bad.txt", partition: {} }],
    partitionColumns: [],
  };
  await expect(sql.run("SELECT * FROM t", [{ name: "t", scan }])).rejects.toThrow(
    /Line 2 is not valid UTF-8/,
  );
});

test("engine errors name the file as callers do, and no server path", async () => {
  const path = await file("broken.parquet", "PAR1 this is no parquet PAR1");
  const scan: Scan = {
    format: "parquet",
    files: [{ path, uri: "s3://lake/broken.parquet", partition: {} }],
    partitionColumns: [],
  };
  const error = await sql.run("SELECT * FROM t", [{ name: "t", scan }]).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({
    code: expect.stringMatching(/invalid_input|unsupported/),
    message: expect.stringContaining("s3://lake/broken.parquet"),
  });
  expect(String(error)).not.toContain(sql.dir);
  await expect(sql.run("SELECT nme FROM (SELECT 1 AS name)")).rejects.toThrow(
    /"nme" not found[\s\S]*Candidate bindings: "name"/,
  );
});

test.runIf(process.platform === "linux")("a file is read through /proc though its name is gone", async () => {
  const { open, unlink } = await import("node:fs/promises");
  const path = await file("unlinked.csv", "a\n7\n");
  const handle = await open(path, "r");
  await unlink(path);
  const scan = csvScan(`/proc/${process.pid}/fd/${handle.fd}`, ["a"]);
  expect((await sql.run("SELECT * FROM t", [{ name: "t", scan }])).rows).toEqual([["7"]]);
  await handle.close();
});
