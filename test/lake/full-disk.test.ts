import { statfs } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { mountSmallDisk } from "../harness/small-disk.ts";

const disk = mountSmallDisk(24 * 2 ** 20);
const skipped = disk === undefined ? " (skipped: no disk may be mounted here)" : "";

describe.skipIf(disk === undefined)(`A disk of the cache smaller than the file${skipped}`, () => {
  const rowCount = 900_000;
  let lake: TestLake;
  let uri: string;

  beforeAll(async () => {
    lake = await startTestLake({
      settings: { cache: { dir: join(disk?.path ?? "", "cache"), maxBytes: 2 ** 40 } },
    });
    const records = Array.from({ length: rowCount }, (_, i) => `${i},${Math.sin(i)},name-${i * 31}\n`);
    uri = await lake.put("large.csv", `id,wave,name\n${records.join("")}`);
  });
  afterAll(async () => {
    await lake?.stop();
    disk?.unmount();
  });

  test("is no reason not to answer: the CSV is kept as Parquet, which takes less", async () => {
    const sql = `SELECT count(*), sum(id), max(name) FROM '${uri}'`;
    const { rows } = await lake.output("lake_query", { sql });
    expect(rows).toEqual([[rowCount, (rowCount * (rowCount - 1)) / 2, "name-9999980"]]);
  });

  test("is told of when a statement spills more than there is room for, and nothing of that stays", async () => {
    const side = (name: string) => `(SELECT range AS id, hash(range) AS ${name} FROM range(6000000))`;
    const sql = `SELECT * FROM ${side("a")} JOIN ${side("b")} USING (id) ORDER BY a`;
    const fault = await lake.fault("lake_query", { sql });
    expect(fault).toMatchObject({
      code: "unavailable",
      message: expect.stringContaining("lake.cache.dir"),
    });
    expect(fault.message).not.toContain(disk?.path);
    // Spilled rows have no names any more; the disk has their place back once the worker has let go of them.
    const freeBytes = async () => {
      const { bsize, bavail } = await statfs(disk?.path ?? "");
      return bsize * bavail;
    };
    await expect.poll(freeBytes, { timeout: 2_000 }).toBeGreaterThan(8 * 2 ** 20);
    expect((await lake.output("lake_read_rows", { uri, limit: 2 })).rows).toHaveLength(2);
  });
});
