import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import { sparseCopy } from "../../../test/harness/sparse-file.ts";
import { startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";
import type { NamedScan, ScanFile } from "./engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 1 });
});
afterAll(() => sql.close());

const rowsOf =
  "SELECT i AS id, i % 7 AS kind, 'name ' || i AS name, (i * 37 % 100000) * 1.5 AS price, md5(i::VARCHAR) AS hash, " +
  "{'city': 'c' || i % 50, 'zip': i} AS address, DATE '2024-01-01' + (i // 1000)::INTEGER AS day FROM range(300000) t(i)";

let made = 0;
const sources = new Map<string, { whole: string; bytes: Buffer }>();

async function source(options: string, rows = rowsOf) {
  const key = `${options} ${rows}`;
  const known = sources.get(key);
  if (known) return known;
  const whole = join(sql.dir, `whole-${++made}.parquet`);
  const bytes = await parquetOf(rows, options);
  await writeFile(whole, bytes);
  sources.set(key, { whole, bytes });
  return { whole, bytes };
}

async function table(options: string) {
  const { whole, bytes } = await source(options);
  made++;
  const sparse = await sparseCopy(whole, join(sql.dir, `sparse-${made}.parquet`));
  const named = (file: ScanFile): NamedScan => ({
    name: "t",
    scan: { format: "parquet", files: [file], partitionColumns: [] },
  });
  return {
    sparse,
    sizeBytes: bytes.length,
    sparseTable: named(sparse.file),
    wholeTable: named({ path: whole, uri: "s3://lake/whole.parquet", partition: {} }),
  };
}

/** The share of the file's bytes that the statement had fetched, and how often it ran again. */
async function reading(statement: string, options = "ROW_GROUP_SIZE 20480, COMPRESSION zstd") {
  const { sparse, sparseTable, wholeTable, sizeBytes } = await table(options);
  const found = await sql.run(statement, [sparseTable]);
  const expected = await sql.run(statement, [wholeTable]);
  expect(found.rows).toEqual(expected.rows);
  expect(found.columns).toEqual(expected.columns);
  await sparse.close();
  return { share: sparse.fetchedBytes() / sizeBytes, reruns: found.hydration?.reruns ?? 0 };
}

describe("A statement reads of a Parquet file", () => {
  test("nothing to count its rows", async () => {
    expect(await reading("SELECT count(*) FROM t")).toEqual({ share: 0, reruns: 0 });
  });

  test("the columns it names", async () => {
    const { share, reruns } = await reading("SELECT kind, sum(price) FROM t GROUP BY 1 ORDER BY 1");
    expect(reruns).toBe(0);
    expect(share).toBeLessThan(0.2);
  });

  test("the row groups its filters leave", async () => {
    const { share, reruns } = await reading("SELECT * FROM t WHERE id BETWEEN 100000 AND 100010 ORDER BY id");
    expect(reruns).toBe(0);
    expect(share).toBeLessThan(0.1);
  });

  test("the first row group for its first rows", async () => {
    const { share, reruns } = await reading("SELECT * FROM t LIMIT 20");
    expect(reruns).toBe(0);
    expect(share).toBeLessThan(0.1);
  });

  test("as many row groups as its offset needs", async () => {
    const { share, reruns } = await reading("SELECT id FROM t LIMIT 20 OFFSET 100000");
    expect(reruns).toBe(0);
    expect(share).toBeLessThan(0.05);
  });

  test("the rest of the top rows alone", async () => {
    const { share, reruns } = await reading("SELECT * FROM t ORDER BY price DESC, id LIMIT 5");
    expect(reruns).toBe(0);
    expect(share).toBeLessThan(0.5);
  });

  test("the rest of the top rows alone, where their order ties", async () => {
    const { sparse, sparseTable, sizeBytes } = await table("ROW_GROUP_SIZE 20480, COMPRESSION uncompressed");
    const { rows } = await sql.run("SELECT * FROM t AS x WHERE x.kind < 5 ORDER BY x.price DESC LIMIT 2", [
      sparseTable,
    ]);
    expect(rows.map((row) => row[3])).toEqual(["149998.5", "149998.5"]);
    expect(sparse.fetchedBytes() / sizeBytes).toBeLessThan(0.5);
    await sparse.close();
  });
});

const statements = [
  "SELECT address.city, count(*) FROM t GROUP BY 1 ORDER BY 1",
  "SELECT id FROM t WHERE address.zip = 77 ",
  "SELECT id FROM t WHERE name LIKE 'name 12%' AND kind IN (1, 3) ORDER BY id LIMIT 10",
  "SELECT a.id FROM t a JOIN t b ON a.id = b.id + 1 WHERE b.kind = 3 ORDER BY 1 LIMIT 5",
  "WITH x AS (SELECT kind, max(day) d FROM t GROUP BY 1) SELECT * FROM x JOIN t USING (kind) WHERE t.day = x.d ORDER BY id LIMIT 3",
  "SELECT id FROM t WHERE hash = md5('1234')",
  "SELECT count(DISTINCT hash), min(name) FROM t WHERE day >= DATE '2024-06-01'",
  "SELECT * FROM t WHERE id IN (SELECT max(id) FROM t WHERE kind = 2)",
  "SELECT kind, row_number() OVER (PARTITION BY kind ORDER BY id) r FROM t QUALIFY r = 1 ORDER BY 1",
  "SELECT price FROM t WHERE id = 5 OR id = 250000 ORDER BY 1",
  "SELECT count(*) FROM (SELECT DISTINCT kind FROM t LIMIT 100)",
  "SELECT sum(id) FROM t UNION ALL SELECT count(name) FROM t WHERE kind = 1",
  "SELECT id FROM t WHERE kind = 9",
  "SELECT COLUMNS('i.*') FROM t WHERE id < 3 ORDER BY id",
  "SELECT 1 FROM t LIMIT 0",
  "SELECT * FROM t ORDER BY name LIMIT 3 OFFSET 7",
];

test.each(statements)("%s answers as over the whole file", async (statement) => {
  for (const codec of ["uncompressed", "snappy"]) {
    const { reruns } = await reading(statement, `ROW_GROUP_SIZE 20480, COMPRESSION ${codec}`);
    expect(reruns).toBeLessThanOrEqual(1);
  }
});

test("a table of some rows reads the row groups they are in", async () => {
  const { sparse, sparseTable, wholeTable, sizeBytes } = await table(
    "ROW_GROUP_SIZE 20480, COMPRESSION zstd",
  );
  const ranges = [
    { file: 0, start: 30_000, end: 30_010 },
    { file: 0, start: 250_000, end: 250_010 },
  ];
  const statement = "SELECT count(*), min(id), max(id), sum(price) FROM t";
  const some = async ({ name, scan }: NamedScan) => {
    if (scan.format !== "parquet") throw new TypeError("The table is of Parquet.");
    return sql.run(statement, [{ name, scan: { ...scan, ranges } }]);
  };
  const found = await some(sparseTable);
  expect(found.rows).toEqual((await some(wholeTable)).rows);
  expect(found.rows[0]?.slice(0, 3)).toEqual([20, 30_000, 250_009]);
  expect(found.hydration).toBeUndefined();
  expect(sparse.fetchedBytes() / sizeBytes).toBeLessThan(0.1);
  await sparse.close();
});

test("rows that a first run took from holes leave nothing behind in what is kept", async () => {
  const { sparse, sparseTable } = await table("ROW_GROUP_SIZE 20480, COMPRESSION uncompressed");
  // Cells so large that the page is full, and the first bytes of each chunk too few, before the rows are.
  const wide = "SELECT id, repeat(hash, 400) AS cell FROM t LIMIT 60";
  const { rows, handle } = await sql.run(wide, [sparseTable], { maxBytes: 100_000, keepRest: true });
  expect(rows.map(([id]) => id)).toEqual(rows.map((_, at) => at));
  expect(handle).toBeDefined();
  await sparse.close();
});

test("a statement whose conditions use names of its list is read as any other", async () => {
  const { rows } = await sparseRows(
    "SELECT name, id + 1 AS next FROM t WHERE next > 3 ORDER BY hash LIMIT 3",
  );
  expect(rows).toHaveLength(3);
});

async function sparseRows(statement: string) {
  const { sparse, sparseTable, wholeTable } = await table("ROW_GROUP_SIZE 20480, COMPRESSION zstd");
  const found = await sql.run(statement, [sparseTable]);
  expect(found.rows).toEqual((await sql.run(statement, [wholeTable])).rows);
  await sparse.close();
  return found;
}

const batchRows =
  "SELECT i AS id, 'name ' || md5(i::VARCHAR) AS name, md5((i // 100)::VARCHAR) AS batch, " +
  "i // 100 * 7919 % 100003 AS key, (i // 100 * 31 % 2003) || '''s' AS quoted FROM range(200000) t(i)";
const otherRows = `SELECT * REPLACE (md5(batch) AS batch, -key AS key) FROM (${batchRows})`;

interface Batches {
  hasBlooms?: boolean;
  files?: 1 | 2;
  limit?: string;
}

/** Asks files in whose row groups least and greatest tell nothing; the second has keys of its own. */
async function readingOfBatches(
  condition: string,
  { hasBlooms = true, files = 1, limit = "" }: Batches = {},
) {
  const options = `ROW_GROUP_SIZE 20480, COMPRESSION snappy, WRITE_BLOOM_FILTER ${hasBlooms}`;
  const written = await Promise.all(
    [batchRows, otherRows].slice(0, files).map(async (rows) => {
      const { whole } = await source(options, rows);
      return { whole, sparse: await sparseCopy(whole, join(sql.dir, `sparse-${++made}.parquet`)) };
    }),
  );
  const run = (files: ScanFile[]) =>
    sql.run(`SELECT id, name FROM t WHERE ${condition} ORDER BY id, name ${limit}`, [
      { name: "t", scan: { format: "parquet", files, partitionColumns: [] } },
    ]);
  const found = await run(written.map(({ sparse }) => sparse.file));
  const expected = await run(written.map(({ whole }) => ({ path: whole, uri: whole, partition: {} })));
  expect(found.rows).toEqual(expected.rows);
  for (const { sparse } of written) await sparse.close();
  const bytes = written.reduce((sum, { sparse }) => sum + sparse.fetchedBytes(), 0);
  return { bytes, rows: found.rows.length, reruns: found.hydration?.reruns ?? 0 };
}

describe("Bloom filters tell which row groups a value is not in, where least and greatest do not", () => {
  const batch = "81dc9bdb52d04dc20036dbd8313ed055";
  const key = (1234 * 7919) % 100003;

  test.each([
    ["a text", `batch = '${batch}'`, 100],
    ["a number", "key = 7919", 100],
    ["a text with a quote", "quoted = '31''s'", 100],
    ["two conditions", `batch = '${batch}' AND key = ${key}`, 100],
    ["two conditions that no row meets", `batch = '${batch}' AND key = 7919`, 0],
    ["a condition beside one without a filter", `batch = '${batch}' AND id < 123450`, 50],
    ["a list of one", `batch IN ('${batch}')`, 100],
  ])("%s", async (_, condition, rows) => {
    const asked = await readingOfBatches(condition);
    expect(asked).toMatchObject({ rows, reruns: 0 });
    const unasked = await readingOfBatches(condition, { hasBlooms: false });
    expect(asked.bytes).toBeLessThan(unasked.bytes / 3);
  });

  test("a value that is nowhere", async () => {
    const asked = await readingOfBatches("batch = '7777'");
    expect(asked).toMatchObject({ rows: 0, reruns: 0 });
    expect(asked.bytes).toBeLessThan(100_000);
  });

  test.each([
    ["key = -7919", 100],
    [`batch = '${batch}'`, 100],
    [`batch = '${batch}' AND id < 150000`, 100],
  ])("of two files: %s", async (condition, rows) => {
    const asked = await readingOfBatches(condition, { files: 2 });
    expect(asked).toMatchObject({ rows, reruns: 0 });
    const unasked = await readingOfBatches(condition, { files: 2, hasBlooms: false });
    expect(asked.bytes).toBeLessThan(unasked.bytes / 3);
  });

  test.each([
    ["a list", `batch IN ('${batch}', '7777')`, 100],
    ["alternatives", `batch = '${batch}' OR batch = '7777'`, 100],
    ["alternatives of two columns", `batch = '${batch}' OR key = 7919`, 200],
  ])("%s, of which they are not asked, takes no more than without", async (_, condition, rows) => {
    const { bytes, ...asked } = await readingOfBatches(condition);
    expect(asked).toEqual({ rows, reruns: 0 });
    expect(bytes).toBeLessThanOrEqual((await readingOfBatches(condition, { hasBlooms: false })).bytes);
  });

  test("a text that the plan breaks at its line ends is no condition", async () => {
    const { bytes: _, ...asked } = await readingOfBatches("batch < 'x\nkey=50000\ny' AND key = 7919");
    expect(asked).toEqual({ rows: 100, reruns: 0 });
  });

  test("for the first of the rows", async () => {
    const { bytes, ...asked } = await readingOfBatches(`batch = '${batch}'`, { limit: "LIMIT 5" });
    expect(asked).toEqual({ rows: 5, reruns: 0 });
    expect(bytes).toBeLessThan(2_000_000);
  });
});
