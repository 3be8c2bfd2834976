import { readdir, readlink, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import { type SparseCopy, sparseCopy } from "../../../test/harness/sparse-file.ts";
import { startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";
import type { NamedScan, ScanFile } from "./engine.ts";

/** Statements over files of the cache, whose database stays for the next statement over them. */
let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 1 });
});
afterAll(async () => {
  await Promise.all(opened.map((sparse) => sparse.close()));
  await sql.close();
});

const opened: SparseCopy[] = [];

const rows = (more = "") =>
  `SELECT i AS id, i % 7 AS kind, 'name ' || i AS name, (i * 37 % 100000) * 1.5 AS price${more} FROM range(60000) t(i)`;
const options = "ROW_GROUP_SIZE 4096, COMPRESSION snappy";

let made = 0;

interface Source {
  whole: ScanFile;
  sparse: SparseCopy;
}

/** A file of the cache as it is there whole, and in part. */
async function source(of = rows()): Promise<Source> {
  const name = `${++made}.parquet`;
  const path = join(sql.dir, `whole-${name}`);
  await writeFile(path, await parquetOf(of, options));
  const uri = `s3://lake/${name}`;
  const sparse = await partOf(path);
  const cached = { uri, isCached: true, version: `of ${uri}` };
  return {
    whole: { path, partition: {}, ...cached },
    sparse: { ...sparse, file: { ...sparse.file, ...cached } },
  };
}

async function partOf(path: string): Promise<SparseCopy> {
  const sparse = await sparseCopy(path, join(sql.dir, `sparse-${++made}.parquet`));
  opened.push(sparse);
  return sparse;
}

const named = (file: ScanFile, name = "t"): NamedScan => ({
  name,
  scan: { format: "parquet", files: [file], partitionColumns: [] },
});

const statements = [
  "SELECT count(*) FROM t",
  "SELECT * FROM t LIMIT 20",
  "SELECT kind, sum(price) FROM t GROUP BY 1 ORDER BY 1",
  "SELECT * FROM t LIMIT 7 OFFSET 9000",
  "SELECT * FROM t ORDER BY price DESC, id LIMIT 5",
  "SELECT name FROM t WHERE id = 4321",
  "SELECT * FROM t AS x WHERE x.kind < 5 ORDER BY x.price DESC, x.id LIMIT 3",
  "SELECT max(name) FROM t WHERE id BETWEEN 5000 AND 5010",
  "SELECT a.id FROM t a JOIN t b ON a.id = b.id + 1 WHERE b.kind = 3 ORDER BY 1 LIMIT 5",
  "SELECT kind, count(*) FROM t WHERE id > 50000 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2",
];

test("statements of every kind, in turn and again, answer as over a file of its own", async () => {
  const { whole, sparse } = await source();
  const { isCached: _cached, version: _version, ...own } = whole;
  const expected = [];
  for (const statement of statements) expected.push((await sql.run(statement, [named(own)])).rows);
  for (let round = 0; round < 3; round++) {
    for (const [at, statement] of statements.entries()) {
      const found = await sql.run(statement, [named(sparse.file)]);
      expect(found.rows, statement).toEqual(expected[at]);
      // The same at once again, planned and in the database it left.
      if (round > 0) expect((await sql.run(statement, [named(sparse.file)])).rows).toEqual(expected[at]);
    }
  }
  expect(sparse.fetchedBytes()).toBeGreaterThan(0);
});

/** A table whose columns are told: one that a file lacks is NULL, as is seen when its view is made. */
const told = (file: ScanFile, name = "t"): NamedScan => {
  const fields = [
    ["id", "BIGINT"],
    ["name", "VARCHAR"],
  ] as const;
  const tableFields = fields.map(([column, type]) => ({
    name: column,
    physicalName: column,
    type: { kind: "plain" as const, sql: type },
  }));
  return { name, scan: { format: "parquet", files: [file], partitionColumns: [], tableFields } };
};

const countNames = "SELECT count(name) FROM t";

/** A file without the column, under the version of another: that is refused by the view of the other alone. */
async function isKept(file: ScanFile): Promise<boolean> {
  const lacking = await source("SELECT i AS id FROM range(10) t(i)");
  const { uri, version } = file;
  const asked = sql.run(countNames, [told({ ...lacking.whole, uri, version: version! })]);
  const found = await asked.then(
    ({ rows: [row] }) => row?.[0] !== 0,
    () => true,
  );
  // What this left is not to be found by the next.
  await sql.run(countNames, [told(lacking.whole)]);
  return found;
}

test("the database stays after a statement that succeeds, and goes after one that fails", async () => {
  const { whole } = await source();
  expect(await isKept(whole)).toBe(false);
  for (let time = 0; time < 2; time++) {
    expect((await sql.run(countNames, [told(whole)])).rows).toEqual([[60_000]]);
    expect(await isKept(whole)).toBe(true);
    expect(await isKept(whole)).toBe(false);
  }
});

test("it is not of another version, another name, other rows, or a file that is not the cache's", async () => {
  const { whole } = await source();
  const { scan } = told(whole);
  const others: NamedScan[] = [
    told({ ...whole, version: "another" }),
    told(whole, "u"),
    told({ ...whole, partition: { p: "1" } }),
    told({ ...whole, isCached: false }),
    { name: "t", scan: { ...scan, ranges: [{ file: 0, start: 0, end: 10 }] } as NamedScan["scan"] },
  ];
  for (const other of others) {
    await sql.run(`SELECT count(name) FROM ${other.name}`, [other]);
    expect(await isKept(whole)).toBe(false);
  }
});

test("a file of which parts are missing is not read in the database of one that was whole", async () => {
  const { whole, sparse } = await source();
  const sum = "SELECT sum(price), max(name) FROM t";
  const expected = await sql.run(sum, [named(whole)]);
  const found = await sql.run(sum, [named(sparse.file)]);
  expect(found.rows).toEqual(expected.rows);
  expect(sparse.fetchedBytes()).toBeGreaterThan(0);
  expect((await sql.run(sum, [named(whole)])).rows).toEqual(expected.rows);
});

test("what is evicted and fetched in other parts is verified anew in a database that was kept", async () => {
  const { whole, sparse } = await source();
  const sum = "SELECT sum(price), max(name) FROM t";
  const expected = await sql.run(sum, [named(sparse.file)]);
  for (const statement of ["SELECT count(*) FROM t WHERE kind = 3", sum]) {
    const evicted = await partOf(whole.path);
    const file = { ...sparse.file, path: evicted.file.path, hydrate: evicted.file.hydrate! };
    const found = await sql.run(statement, [named(file)]);
    if (statement === sum) expect(found.rows).toEqual(expected.rows);
    else expect(found.rows).toEqual([[8_571]]);
    expect(evicted.fetchedBytes()).toBeGreaterThan(0);
  }
});

test("what a statement was wrongly said to have read before is fetched after all, in a new database and in one kept", async () => {
  const { whole, sparse } = await source();
  const sum = "SELECT sum(price), max(name) FROM t";
  const { isCached: _cached, version: _version, ...own } = whole;
  const expected = await sql.run(sum, [named(own)]);
  const { file } = await partOf(whole.path);
  const fresh = { ...file, uri: whole.uri, version: "another" };
  for (const asked of [fresh, sparse.file]) {
    await sql.run("SELECT count(*) FROM t WHERE kind = 3", [named(sparse.file)]);
    const found = await sql.run(sum, [named(asked)], { isReadBefore: true });
    expect(found.rows).toEqual(expected.rows);
    expect(found.hydration?.reruns).toBeGreaterThan(0);
  }
  const again = await sql.run("SELECT min(name) FROM t WHERE price > 0", [named(sparse.file)], {
    isReadBefore: true,
  });
  expect(again.hydration).toBeUndefined();
});

test("its files have a further name while a statement runs, and none when it answered or failed", async () => {
  const { sparse } = await source();
  const names: number[] = [];
  const namesOf = async () => (await stat(sparse.file.path)).nlink;
  const noting: ScanFile = {
    ...sparse.file,
    hydrate: (ranges, isCheck) => ({
      async fetch(signal) {
        names.push(await namesOf());
        return sparse.file.hydrate!(ranges, isCheck).fetch(signal);
      },
    }),
  };
  await sql.run("SELECT sum(price) FROM t", [named(noting)]);
  expect(await namesOf()).toBe(1);
  await expect(sql.run("SELECT error(name) FROM t", [named(noting)])).rejects.toThrow("name");
  expect(await namesOf()).toBe(1);
  expect(Math.max(...names)).toBe(2);
  names.length = 0;
  await sql.run("SELECT sum(id) FROM t", [named({ ...noting, isCached: false })]);
  expect(Math.max(...names)).toBe(1);
});

test.runIf(process.platform === "linux")(
  "a database that is kept has no file open, whose place could not be had again",
  async () => {
    const { whole } = await source();
    for (const statement of ["SELECT count(name) FROM t", "SELECT * FROM t LIMIT 3", "SELECT * FROM t"]) {
      await sql.run(statement, [named(whole)], { maxRows: 5 });
      const open = async () => {
        const [pid] = sql.engine.workerPids();
        const links = (await readdir(`/proc/${pid}/fd`)).map((fd) =>
          readlink(`/proc/${pid}/fd/${fd}`).catch(() => ""),
        );
        return (await Promise.all(links)).filter((path) => path.includes(".parquet"));
      };
      await expect.poll(open, { timeout: 3_000 }).toEqual([]);
    }
  },
);

test("statements over one file at once each have their own names for it", async () => {
  const two = await startTestSql({ workers: 2 });
  const { whole } = await source();
  const asked = Array.from({ length: 12 }, (_, at) => `SELECT count(*) FROM t WHERE id >= ${at * 1_000}`);
  for (let round = 0; round < 2; round++) {
    const found = await Promise.all(asked.map((statement) => two.run(statement, [named(whole)])));
    expect(found.map(({ rows }) => rows[0]?.[0])).toEqual(asked.map((_, at) => 60_000 - at * 1_000));
  }
  expect((await stat(whole.path)).nlink).toBe(1);
  await two.close();
});

test("where the cache gives no further names, statements run as ever", async () => {
  const { sparse } = await source();
  const refusing = async () => {
    throw new Error("no folder");
  };
  await writeFile(join(sql.dir, "a file"), "");
  for (const newLinksFolder of [refusing, async () => join(sql.dir, "a file", "links")]) {
    const own = await startTestSql({ workers: 1 }, { newLinksFolder });
    for (let time = 0; time < 2; time++) {
      expect((await own.run("SELECT count(id) FROM t", [named(sparse.file)])).rows).toEqual([[60_000]]);
    }
    await own.close();
  }
});

test("a statement that spills does so again in the database it left, and leaves nothing", async () => {
  const small = await startTestSql({ workers: 1, memoryBytes: 48 << 20 });
  const { whole } = await source();
  await small.run("SELECT 1");
  const [root = ""] = await readdir(small.scratchDir);
  const workers = join(small.scratchDir, root, "workers");
  const spilled = async () =>
    (await readdir(workers, { recursive: true })).filter((name) => name.includes(".tmp"));
  const sorting = "SELECT md5(t.id::VARCHAR || r) AS m, repeat(t.name, 4) FROM t, range(12) s(r) ORDER BY m";
  for (let time = 0; time < 2; time++) {
    const run = small.run(sorting, [named(whole)], { maxRows: 10 });
    run.catch(() => {});
    await expect.poll(spilled, { timeout: 15_000, interval: 10 }).not.toEqual([]);
    expect((await run).rows).toHaveLength(10);
    await expect.poll(spilled, { timeout: 5_000 }).toEqual([]);
  }
  await small.close();
}, 60_000);

test("pages are walked from a database that is kept", async () => {
  const { sparse } = await source();
  for (let time = 0; time < 2; time++) {
    const page = await sql.run("SELECT id FROM t WHERE id < 40", [named(sparse.file)], {
      maxRows: 15,
      keepRest: true,
    });
    expect(page).toMatchObject({ more: true, totalRows: 40 });
    const rest = await sql.engine.nextPage(page.handle!, 15, "me", { maxRows: 100, maxBytes: 100_000 });
    expect([...page.rows, ...rest.rows]).toEqual(Array.from({ length: 40 }, (_, i) => [i]));
  }
});
