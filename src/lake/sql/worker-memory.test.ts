import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parquetOf } from "../../../test/harness/parquet.ts";
import { startTestSql, type TestSql } from "../../../test/harness/sql-engine.ts";

let sql: TestSql;

beforeAll(async () => {
  sql = await startTestSql({ workers: 1 });
});
afterAll(() => sql.close());

/** Threads and private memory of the only worker. */
function workerStatus(): { pid: number; threads: number; dataMb: number } {
  const [pid = 0] = sql.engine.workerPids();
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const number = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { pid, threads: number("Threads"), dataMb: number("VmData") / 1024 };
}

test.runIf(process.platform === "linux")(
  "queries that stop after a page leave no threads and no memory behind in their worker",
  async () => {
    const page = () => sql.run("SELECT range, repeat('x', 100) FROM range(1000000)", [], { maxRows: 7 });
    for (let turn = 0; turn < 3; turn++) await page();
    const before = workerStatus();
    for (let turn = 0; turn < 40; turn++) expect((await page()).more).toBe(true);
    const after = workerStatus();
    expect(after.pid).toBe(before.pid);
    expect(after.threads).toBeLessThanOrEqual(before.threads + 1);
    expect(after.dataMb).toBeLessThan(before.dataMb + 150);
  },
);

test.runIf(process.platform === "linux")(
  "tables asked one after the other leave the databases of the last alone in their worker",
  async () => {
    const path = join(sql.dir, "t.parquet");
    await writeFile(path, await parquetOf("SELECT i, md5(i::VARCHAR) AS m FROM range(200000) t(i)"));
    const ask = async (version: string) => {
      const file = { path, uri: "s3://lake/t.parquet", partition: {}, version, isCached: true };
      const scan = { format: "parquet" as const, files: [file], partitionColumns: [] };
      for (const statement of ["SELECT count(m) FROM t", "SELECT m FROM t LIMIT 3"])
        await sql.run(statement, [{ name: "t", scan }]);
    };
    for (let turn = 0; turn < 3; turn++) await ask(`before ${turn}`);
    const before = workerStatus();
    for (let turn = 0; turn < 40; turn++) await ask(`after ${turn}`);
    const after = workerStatus();
    expect(after.pid).toBe(before.pid);
    expect(after.threads).toBeLessThanOrEqual(before.threads + 2);
    expect(after.dataMb).toBeLessThan(before.dataMb + 150);
  },
);

test("a worker that ran out of memory is replaced, and the next call finds a fresh one", async () => {
  await sql.run("SELECT 1");
  const [first] = sql.engine.workerPids();
  const greedy = sql.run(
    "SELECT count(*) FROM (SELECT DISTINCT repeat(range::VARCHAR, 40) FROM range(30000000))",
  );
  await expect(greedy).rejects.toMatchObject({ code: "too_large" });
  expect((await sql.run("SELECT 42")).rows).toEqual([[42]]);
  expect(sql.engine.workerPids()).not.toContain(first);
});
