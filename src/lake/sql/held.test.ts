import { link, mkdir, readdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";
import type { Scan } from "./engine.ts";
import { columnsInPaths } from "./partition-key.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 2 });
});
afterAll(() => sql.close());

/** Files of one row each, `i` counting from 0, with `partitionOf` each as partition column `p`. */
async function scanOf(name: string, count: number, partitionOf: (i: number) => string): Promise<Scan> {
  const folder = join(sql.dir, name);
  await mkdir(folder, { recursive: true });
  const connection = await (await DuckDBInstance.create()).connect();
  const files = [];
  for (let i = 0; i < count; i++) {
    const path = join(folder, `${i}.parquet`);
    await connection.run(`COPY (SELECT ${i} AS i) TO '${path}' (FORMAT parquet)`);
    files.push({ path, uri: `s3://lake/${name}/${i}.parquet`, partition: { p: partitionOf(i) } });
  }
  connection.closeSync();
  return { format: "parquet", files, partitionColumns: [{ name: "p", type: "VARCHAR" }], areAlike: true };
}

const all = "SELECT i, p FROM t";
const rowsOf = (count: number, partitionOf: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => [i, partitionOf(i)]);

test.each([
  ["in the order of their partitions", (i: number) => `part ${Math.floor(i / 3)}`],
  ["in another order", (i: number) => `part ${i % 12}`],
])("held files %s are one table in the order of the files, statement after statement", async (name, of) => {
  const scan = await scanOf(name, 36, of);
  const links = join(sql.dir, "links", name);
  const release = await sql.engine.hold(scan, links);
  const tables = [{ name: "t", scan }];
  for (let time = 0; time < 3; time++) expect((await sql.run(all, tables)).rows).toEqual(rowsOf(36, of));
  expect((await sql.run("SELECT count(*) FROM t WHERE p = 'part 11'", tables)).rows).toEqual([[3]]);
  expect((await stat(scan.files[0]!.path)).nlink).toBe(2);
  await release();
  expect((await stat(scan.files[0]!.path)).nlink).toBe(1);
  expect(await readdir(join(sql.dir, "links"))).not.toContain(name);
  expect((await sql.run(all, tables)).rows).toEqual(rowsOf(36, of));
});

/** By column: its type, and values that its paths can or cannot have. */
const partitionValues: [string, string, (string | null)[]][] = [
  ["plain words", "VARCHAR", ["eu", "us-1", "a_b.c", "007"]],
  ["words of which one is NULL", "VARCHAR", ["eu", null]],
  ["words of which one reads as NULL", "VARCHAR", ["eu", "null", "NULL"]],
  ["words that a path takes for something else", "VARCHAR", ["a/b", "%41", "k=v", "..", " x ", "é", ""]],
  ["the words of Hive", "VARCHAR", ["__HIVE_DEFAULT_PARTITION__", "x"]],
  ["whole numbers", "BIGINT", ["-7", "0", "12", "9007199254740993"]],
  ["days", "DATE", ["2024-02-29", "1969-12-31"]],
  ["times", "TIMESTAMP", ["2024-02-29 10:00:00", "1969-12-31 00:00:00"]],
];

test.each(partitionValues)(
  "%s as partitions are the same whether files are held or not",
  async (name, type, values) => {
    const scan = await scanOf(`values ${name}`, 2 * values.length, () => "");
    const files = scan.files.map((file, at) => ({
      ...file,
      partition: { p: values[at >> 1] ?? null, "Q q": "2" },
    }));
    const partitionColumns = [
      { name: "p", type },
      { name: "Q q", type: "BIGINT" },
    ];
    const tables = [{ name: "t", scan: { ...scan, files, partitionColumns } as Scan }];
    const asked = [
      "SELECT * FROM t",
      'SELECT typeof(p), typeof("Q q"), count(*), sum(i) FROM t GROUP BY ALL ORDER BY ALL',
      "SELECT p, count(*) FROM t GROUP BY p ORDER BY p NULLS FIRST",
      "SELECT p, count(*) FILTER (i > 1), max(i) FROM t WHERE i <> 2 GROUP BY p ORDER BY p NULLS FIRST",
      'SELECT count(*), p, "Q q", max(i) FROM t GROUP BY p, "Q q" HAVING max(i) >= 0 ORDER BY p NULLS FIRST',
      "SELECT a.i, b.i FROM t a JOIN t b ON a.p IS NOT DISTINCT FROM b.p AND a.i < b.i ORDER BY ALL",
      "SELECT DISTINCT p FROM t ORDER BY p NULLS FIRST",
      "SELECT i FROM t WHERE p = (SELECT max(p) FROM t) ORDER BY i",
      "SELECT i FROM t WHERE p IS NULL OR p::VARCHAR > '1' ORDER BY i",
      `SELECT i FROM t WHERE p IN (CAST('${values[0]}' AS ${type})) AND "Q q" = 2 ORDER BY i`,
    ];
    const answers = async () => {
      const given = [];
      for (const statement of asked) given.push((await sql.run(statement, tables)).rows);
      return given;
    };
    const plain = await answers();
    expect(plain[0]).toHaveLength(2 * values.length);
    const release = await sql.engine.hold(tables[0]!.scan, join(sql.dir, `links of ${name}`));
    expect(await answers()).toEqual(plain);
    expect(await answers()).toEqual(plain);
    await release();
  },
);

test("a file's own column of a partition's name gives way to it, held or not", async () => {
  const folder = join(sql.dir, "own");
  await mkdir(folder, { recursive: true });
  const connection = await (await DuckDBInstance.create()).connect();
  const files = [];
  for (let i = 0; i < 4; i++) {
    const path = join(folder, `${i}.parquet`);
    const more = i % 2 === 0 ? "" : ", 'more' AS extra";
    await connection.run(`COPY (SELECT ${i} AS i, 'own' AS "P"${more}) TO '${path}' (FORMAT parquet)`);
    files.push({ path, uri: `s3://lake/own/${i}.parquet`, partition: { p: ["eu", "us"][i >> 1] ?? "" } });
  }
  connection.closeSync();
  const scan: Scan = { format: "parquet", files, partitionColumns: [{ name: "p", type: "VARCHAR" }] };
  const tables = [{ name: "t", scan }];
  const plain = await sql.run("SELECT * FROM t", tables);
  expect(plain.rows).toContainEqual([3, "more", "us"]);
  const release = await sql.engine.hold(scan, join(folder, "links"));
  expect(await sql.run("SELECT * FROM t", tables)).toMatchObject({
    rows: plain.rows,
    columns: plain.columns,
  });
  await release();
});

test("tables that name their columns themselves, and very many partitions, have no values in their paths", async () => {
  const scan = await scanOf("by number", 12, (i) => `v${i}`);
  const tableFields = ["i", "p"].map((name) => ({ name, type: "VARCHAR" }));
  expect(columnsInPaths(scan, [["a"]])).toEqual([0]);
  expect(columnsInPaths({ ...scan, tableFields } as unknown as Scan, [["a"]])).toEqual([]);
  expect(
    columnsInPaths(
      scan,
      Array.from({ length: 5_000 }, (_, at) => [`v${at}`]),
    ),
  ).toEqual([]);
});

test("a statement that fails leaves nothing to the next, nor does one over other tables", async () => {
  const scans = [await scanOf("first", 12, () => "a"), await scanOf("second", 13, () => "b")];
  const [one, two] = scans.map((scan) => [{ name: "t", scan }]);
  const releases = await Promise.all(
    scans.map((scan, at) => sql.engine.hold(scan, join(sql.dir, `links-${at}`))),
  );
  const count = "SELECT count(*) AS n, any_value(p) AS p FROM t";
  for (let time = 0; time < 2; time++) {
    expect((await sql.run(count, one)).rows).toEqual([[12, "a"]]);
    expect((await sql.run(count, two)).rows).toEqual([[13, "b"]]);
    await expect(sql.run("SELECT error(p) FROM t", one)).rejects.toThrow("a");
    await expect(sql.run("SELECT missing FROM t", two)).rejects.toMatchObject({ code: "invalid_input" });
  }
  const both = [...one!, { name: "u", scan: scans[1]! }];
  expect((await sql.run("SELECT count(*) FROM t, u", both)).rows).toEqual([[12 * 13]]);
  await Promise.all(releases.map((release) => release()));
});

test("more than a first page is walked from a database that is kept", async () => {
  const scan = await scanOf("pages", 40, () => "a");
  const release = await sql.engine.hold(scan, join(sql.dir, "links-of-pages"));
  for (let time = 0; time < 2; time++) {
    const page = await sql.run("SELECT i FROM t", [{ name: "t", scan }], { maxRows: 15, keepRest: true });
    expect(page).toMatchObject({ more: true, totalRows: 40 });
    const rest = await sql.engine.nextPage(page.handle!, 15, "me", { maxRows: 100, maxBytes: 100_000 });
    expect([...page.rows, ...rest.rows]).toEqual(Array.from({ length: 40 }, (_, i) => [i]));
  }
  await release();
});

test.each(["before its first statement", "between two"])(
  "a link that something takes away %s is told, and never left out",
  async (when) => {
    const name = `taken ${when}`;
    const scan = await scanOf(name, 24, (i) => String(Math.floor(i / 12)));
    const links = join(sql.dir, name, "links");
    const release = await sql.engine.hold(scan, links);
    const tables = [{ name: "t", scan }];
    if (when === "between two") expect((await sql.run(all, tables)).rows).toHaveLength(24);
    await unlink(join(links, "_sluice_partition=1", "_sluice_value_0=1", "17.parquet"));
    await expect(sql.run(all, tables)).rejects.toMatchObject({ code: "unavailable" });
    await release();
    expect((await sql.run(all, tables)).rows).toHaveLength(24);
  },
);

test.each(["before its first statement", "between two"])(
  "a folder of files that something adds %s is told, and never read",
  async (when) => {
    const name = `added ${when}`;
    const scan = await scanOf(name, 12, () => "a");
    const links = join(sql.dir, name, "links");
    const release = await sql.engine.hold(scan, links);
    const tables = [{ name: "t", scan }];
    if (when === "between two") expect((await sql.run(all, tables)).rows).toHaveLength(12);
    await mkdir(join(links, "_sluice_partition=1"));
    await link(scan.files[0]!.path, join(links, "_sluice_partition=1", "12.parquet"));
    await expect(sql.run(all, tables)).rejects.toMatchObject({ code: "unavailable" });
    await release();
  },
);

test("where there can be no hard links, or the folder reads as a pattern, the rows are the same", async () => {
  const scan = await scanOf("plain", 12, () => "a");
  await writeFile(join(sql.dir, "a file"), "");
  for (const links of [join(sql.dir, "a file", "links"), join(sql.dir, "[links]*"), undefined]) {
    const release = await sql.engine.hold(scan, links);
    expect((await sql.run(all, [{ name: "t", scan }])).rows).toEqual(rowsOf(12, () => "a"));
    await release();
  }
  await rm(join(sql.dir, "a file"));
});

test("a statement that spills more than it may leaves no temporary files", async () => {
  const scan = await scanOf("spilling", 12, () => "a");
  const release = await sql.engine.hold(scan, join(sql.dir, "links-of-spilling"));
  const [root = ""] = await readdir(sql.scratchDir);
  const workers = join(sql.scratchDir, root, "workers");
  const spilled = async () =>
    (await readdir(workers, { recursive: true })).filter((name) => name.includes(sep));
  const sorting = "SELECT repeat(md5((r + i)::VARCHAR), 20) AS m FROM t, range(200000) s(r) ORDER BY m";
  const ended = sql.run(sorting, [{ name: "t", scan }]);
  ended.catch(() => {});
  await expect.poll(spilled, { timeout: 15_000, interval: 20 }).not.toEqual([]);
  await expect(ended).rejects.toMatchObject({ code: "too_large" });
  await expect.poll(spilled, { timeout: 5_000 }).toEqual([]);
  await release();
}, 30_000);
