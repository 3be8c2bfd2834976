import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import { sparseCopy } from "../../../test/harness/sparse-file.ts";
import { startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";
import type { NamedScan, ScanFile } from "./engine.ts";

let sql: TestSql;
beforeAll(async () => {
  sql = await startTestSql({ workers: 1 });
});
afterAll(() => sql.close());

let made = 0;
const options = "ROW_GROUP_SIZE 4096, COMPRESSION zstd";

/** `k` comes in no order, with many ties; `n`, `f` and `s` have what sorts in its own way. */
const rows = (from: number, count: number) => `
  SELECT i AS id, (i * 7919) % 1000 AS k, CASE WHEN i % 5 > 0 THEN (i * 31) % 40000 END AS n,
    CASE i % 4 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN -0.0::DOUBLE WHEN 2 THEN 0.0 ELSE (i % 97) - 50 END AS f,
    chr(65 + (i % 26)::INTEGER) || i AS s, DATE '2024-01-01' + ((i * 13) % 3000)::INTEGER AS d,
    (i * 17 % 9973)::DECIMAL(12, 2) AS p, {'city': 'c' || i % 50, 'k': -i} AS address,
    md5(i::VARCHAR) AS "we ""ird", CASE WHEN i % 3 = 0 THEN 'x' ELSE i::VARCHAR END AS mixed
  FROM range(${from}, ${from + count}) t(i)`;

interface Given {
  selects: readonly string[];
  columns?: NamedScan["scan"]["partitionColumns"];
  names?: readonly string[];
}

/** The table of which only footers are there, and the same of whole files. */
async function tables({ selects, columns = [], names = ["t"] }: Given) {
  const parts = await Promise.all(
    selects.map(async (select, at) => {
      const whole = join(sql.dir, `whole-${++made}.parquet`);
      await writeFile(whole, await parquetOf(select, options));
      const sparse = await sparseCopy(whole, join(sql.dir, `sparse-${++made}.parquet`));
      const partition = Object.fromEntries(columns.map(({ name }) => [name, String(at)]));
      return { sparse, whole, partition, version: `v${made}` };
    }),
  );
  const named = (files: ScanFile[]): NamedScan[] => {
    const scan = { format: "parquet" as const, files, partitionColumns: columns };
    return names.map((name) => ({ name, scan }));
  };
  return {
    sparse: named(parts.map(({ sparse: { file }, partition, version }) => ({ ...file, partition, version }))),
    whole: named(parts.map(({ whole, partition }) => ({ path: whole, uri: "s3://lake/w", partition }))),
    fetchedBytes: () => parts.reduce((sum, { sparse }) => sum + sparse.fetchedBytes(), 0),
    close: () => Promise.all(parts.map(({ sparse }) => sparse.close())),
  };
}

/** Asked twice, since what is remembered of the first time shortens the second. Answers what was fetched, in bytes. */
async function expectSame(statement: string, given: Given = { selects: [rows(0, 60_000)] }) {
  const { sparse, whole, fetchedBytes, close } = await tables(given);
  const expected = await outcome(statement, whole);
  const first = await outcome(statement, sparse);
  const bytes = fetchedBytes();
  expect(first).toEqual(expected);
  expect(await outcome(statement, sparse)).toEqual(expected);
  expect(fetchedBytes()).toBe(bytes);
  await close();
  return bytes;
}

async function outcome(statement: string, given: NamedScan[]) {
  try {
    const { rows, columns } = await sql.run(statement, given);
    return { rows, columns };
  } catch (thrown) {
    return { failed: String(thrown) };
  }
}

test.each([
  "SELECT * FROM t ORDER BY k DESC, id LIMIT 10",
  "SELECT * FROM t ORDER BY k, id DESC LIMIT 50",
  "SELECT * FROM t ORDER BY p DESC, k, id LIMIT 7",
  "SELECT s, id FROM t ORDER BY d, p DESC, id LIMIT 3",
  "SELECT * FROM t ORDER BY n NULLS FIRST, id LIMIT 5",
  "SELECT * FROM t ORDER BY n DESC NULLS FIRST, id DESC LIMIT 5",
  "SELECT * FROM t ORDER BY n DESC NULLS LAST, id LIMIT 5",
  "SELECT * FROM t ORDER BY n, id LIMIT 5",
  "SELECT * FROM t ORDER BY f DESC, id LIMIT 9",
  "SELECT * FROM t ORDER BY f, id DESC LIMIT 9",
  "SELECT * FROM t ORDER BY s DESC LIMIT 4",
  "SELECT * FROM t ORDER BY mixed DESC, id LIMIT 12",
  'SELECT * FROM t AS "Q x" ORDER BY "we ""ird" DESC LIMIT 4',
  'SELECT "Q x".* FROM t AS "Q x" ORDER BY "Q x".ID LIMIT 1',
  "SELECT * EXCLUDE (k) FROM t ORDER BY k, id LIMIT 2",
  "SELECT * FROM t WHERE k < 500 AND s LIKE 'A%' AND NOT (n IS NULL) ORDER BY k DESC, id LIMIT 5",
  "SELECT * FROM t WHERE d BETWEEN DATE '2024-02-01' AND '2024-03-01' AND p IN (3.00, 4, 17) ORDER BY id LIMIT 5",
  "SELECT * FROM t WHERE f > 1e1 AND p > 0.5 ORDER BY id DESC LIMIT 5",
  "SELECT * FROM t WHERE id > 9007199254740993 OR id = 5 ORDER BY id LIMIT 5",
  "SELECT * FROM t WHERE id > 59998 ORDER BY k LIMIT 10",
  "SELECT * FROM t WHERE id < 0 ORDER BY k LIMIT 10",
  "SELECT * FROM t WHERE mixed::INTEGER > 5 ORDER BY k, id LIMIT 3",
  "SELECT * FROM t WHERE length(s) > 5 ORDER BY k, id LIMIT 3",
  "SELECT * FROM t ORDER BY k, id LIMIT 0",
  "SELECT * FROM t ORDER BY k, id LIMIT 4 OFFSET 6",
  "SELECT * FROM t ORDER BY k, id LIMIT 1%",
  "SELECT *, row_number() OVER (ORDER BY id) AS r FROM t ORDER BY k, id LIMIT 4",
  "SELECT max(id), count(*) FROM t ORDER BY 1 LIMIT 1",
  "SELECT DISTINCT k FROM t ORDER BY k DESC LIMIT 3",
  "SELECT DISTINCT ON (k) * FROM t ORDER BY k, id LIMIT 3",
  "SELECT id, mixed::INTEGER AS m FROM t ORDER BY k, id LIMIT 5",
  "SELECT id, -k AS k FROM t ORDER BY k, id LIMIT 5",
  "SELECT id AS k, s FROM t WHERE k < 100 ORDER BY p, id LIMIT 5",
  "SELECT *, s AS p FROM t ORDER BY p DESC, id LIMIT 5",
  "SELECT * REPLACE (-k AS k) FROM t ORDER BY k, id LIMIT 5",
  "SELECT * RENAME (n AS k, k AS n) FROM t ORDER BY k, id LIMIT 5",
  "SELECT address.k, s FROM t ORDER BY k, id LIMIT 5",
  "SELECT s, id FROM t ORDER BY address.k LIMIT 5",
  "SELECT * FROM t ORDER BY lower(s) LIMIT 5",
  "SELECT * FROM t ORDER BY s COLLATE NOCASE, id LIMIT 5",
  "SELECT * FROM t ORDER BY 2 DESC, 1 LIMIT 5",
  "SELECT * FROM t ORDER BY ALL LIMIT 5",
  "SELECT b, * FROM t AS x (a, b, c) ORDER BY b DESC, a LIMIT 5",
  "SELECT * FROM t WHERE id IN (SELECT max(id) FROM t) ORDER BY k, id LIMIT 5",
  "FROM t ORDER BY k DESC, id LIMIT 5",
  "(SELECT * FROM t ORDER BY k, id LIMIT 5) ORDER BY id DESC LIMIT 2",
])("%s gives what it gives over the whole file", async (statement) => {
  await expectSame(statement);
});

test("a statement over several files and partitions finds its rows in all of them", async () => {
  const columns = [{ name: "part", type: "BIGINT" }];
  const selects = [rows(0, 20_000), rows(20_000, 5_000), rows(25_000, 20_000)];
  for (const order of ["k DESC, id", "part DESC, id", "p, id DESC", "n NULLS FIRST, id"]) {
    await expectSame(`SELECT * FROM t ORDER BY ${order} LIMIT 20`, { selects, columns });
    await expectSame(`SELECT * FROM t WHERE part >= 1 ORDER BY ${order} LIMIT 20`, { selects, columns });
  }
});

test("files of other columns and other types are one table still", async () => {
  const selects = [
    "SELECT i::INTEGER AS id, i % 100 AS k, 'a' AS only_here FROM range(20000) t(i)",
    "SELECT 100000 + i AS id, (i % 100)::DOUBLE + 0.5 AS k FROM range(20000) t(i)",
    "SELECT 200000 + i AS id, 'b' AS only_here, repeat('x', 40) AS wide FROM range(9000) t(i)",
  ];
  for (const order of ["k DESC, id", "k, id", "k NULLS FIRST, id DESC", "wide, id", "id DESC"])
    await expectSame(`SELECT * FROM t ORDER BY ${order} LIMIT 11`, { selects });
});

test.each(["file_row_number", "FILENAME", "_sluice_row", "_sluice_key_0", "file_index"])(
  "a column of its own called %s is no place in a file",
  async (name) => {
    const selects = [`SELECT *, (60000 - id) AS "${name}" FROM (${rows(0, 30_000)})`];
    await expectSame("SELECT * FROM t ORDER BY k DESC, id LIMIT 10", { selects });
  },
);

test("a table of two spellings, and one whose name is a place, are found by their names", async () => {
  const given = { selects: [rows(0, 30_000)], names: ["t", 's3://b/o\'f "x".parquet'] };
  await expectSame("SELECT * FROM T ORDER BY k DESC, t.id LIMIT 10", given);
  await expectSame(`SELECT * FROM 's3://b/o''f "x".parquet' ORDER BY k DESC, id LIMIT 10`, given);
});

test("where all keys tie at the end, the rows given are of those that tie", async () => {
  const { sparse, whole, close } = await tables({ selects: [rows(0, 60_000)] });
  for (const statement of [
    "SELECT k, * FROM t ORDER BY k DESC LIMIT 10",
    "SELECT k, * FROM t WHERE n IS NULL ORDER BY k LIMIT 30",
    "SELECT n, * FROM t ORDER BY n NULLS FIRST LIMIT 10",
  ]) {
    const [found, expected] = [await sql.run(statement, sparse), await sql.run(statement, whole)];
    expect(found.rows.map(([key]) => key)).toEqual(expected.rows.map(([key]) => key));
    const ids = found.rows.map(([, id]) => Number(id));
    expect(new Set(ids).size).toBe(found.rows.length);
    const same = await sql.run(
      `SELECT ${/SELECT (\w+)/.exec(statement)?.[1]}, * FROM t WHERE id IN (${ids})`,
      whole,
    );
    expect([...found.rows].sort()).toEqual([...same.rows].sort());
  }
  await close();
});

test("of the first key only row groups that may hold the top rows are read, of other columns those that do", async () => {
  const sorted = `SELECT * FROM (${rows(0, 60_000)}) ORDER BY p`;
  const all = { selects: [sorted] };
  const { whole, close } = await tables(all);
  await close();
  const size = statSync(whole[0]?.scan.files[0]?.path ?? "").size;
  const top = await expectSame("SELECT * FROM t ORDER BY p DESC, id LIMIT 10", all);
  expect(top / size).toBeLessThan(0.1);
  const first = await expectSame("SELECT * FROM t ORDER BY p, id LIMIT 10", all);
  expect(first / size).toBeLessThan(0.1);
});

test("footers whose least and greatest values are not there, or too few rows to meet them, are no hindrance", async () => {
  const nulls = "SELECT i AS id, NULL::INTEGER AS k, repeat('x', 50) AS w FROM range(20000) t(i)";
  await expectSame("SELECT * FROM t ORDER BY k DESC, id LIMIT 5", { selects: [nulls] });
  const few =
    "SELECT i AS id, CASE WHEN i % 9000 = 7 THEN i END AS k, md5(i::VARCHAR) AS w FROM range(20000) t(i)";
  for (const order of ["k DESC, id", "k, id DESC", "k NULLS FIRST, id"])
    await expectSame(`SELECT * FROM t ORDER BY ${order} LIMIT 8`, { selects: [few] });
  await expectSame("SELECT * FROM t ORDER BY id DESC LIMIT 8", {
    selects: ["SELECT 1 AS id, 'a' AS w WHERE false"],
  });
});

test("of several files, those that hold the top rows are read, and of the others the first key", async () => {
  const wide = (from: number) => `SELECT *, repeat(md5(id::VARCHAR), 4) AS w FROM (${rows(from, 20_000)})`;
  const given = { selects: [0, 20_000, 40_000, 60_000].map(wide) };
  const { whole, close } = await tables(given);
  await close();
  const size = (whole[0]?.scan.files ?? []).reduce((sum, { path }) => sum + statSync(path).size, 0);
  const bytes = await expectSame("SELECT * FROM t ORDER BY id DESC LIMIT 5", given);
  expect(bytes / size).toBeLessThan(0.1);
});
