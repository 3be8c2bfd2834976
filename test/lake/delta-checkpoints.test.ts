import { afterAll, describe, expect, test } from "vitest";
import {
  checkpointOf,
  type DeltaWriter,
  definition,
  deltaTablesOf,
  versionName,
} from "../harness/delta-table.ts";
import { startTestLake } from "../harness/lake.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, rowsOf } = deltaTablesOf(lake);

const idField = { name: "id", type: "long" };

describe("A checkpoint", () => {
  /** Three versions; the checkpoint is of the second, and the first commit is gone. */
  async function withCheckpoint(
    folder: string,
    write: (table: DeltaWriter, state: Record<string, unknown>[]) => Promise<void>,
  ) {
    const table = onS3(folder);
    const [a, b, c] = await Promise.all(
      ["a", "b", "c"].map((name, at) => table.file(`${name}.parquet`, `SELECT ${at}::BIGINT AS id`)),
    );
    await table.create({ fields: [idField], readerFeatures: ["v2Checkpoint"] }, [a!, b!]);
    await table.commit([{ remove: { path: "a.parquet" } }]);
    await table.commit([c!]);
    await write(table, [...definition({ fields: [idField], readerFeatures: ["v2Checkpoint"] }), b!]);
    await lake.server.remove("lake", `${folder}/_delta_log/${versionName(0)}.json`);
    await lake.server.remove("lake", `${folder}/_delta_log/${versionName(1)}.json`);
    return rowsOf("SELECT id FROM t ORDER BY id", folder);
  }
  const log = (version: number, rest: string) => `_delta_log/${versionName(version)}.checkpoint${rest}`;
  const sidecar = { path: "part-1.parquet", sizeInBytes: 1, modificationTime: 1 };

  test("of one file is read", async () => {
    expect(
      await withCheckpoint("cp-one", async (table, state) => {
        await table.write(log(1, ".parquet"), await checkpointOf(state));
        await table.write("_delta_log/_last_checkpoint", '{"version":1,"size":3}');
      }),
    ).toEqual([[1], [2]]);
  });

  test("of several files is read", async () => {
    expect(
      await withCheckpoint("cp-parts", async (table, state) => {
        await table.write(log(1, ".0000000001.0000000002.parquet"), await checkpointOf(state.slice(0, 1)));
        await table.write(log(1, ".0000000002.0000000002.parquet"), await checkpointOf(state.slice(1)));
      }),
    ).toEqual([[1], [2]]);
  });

  test.each(["json", "parquet"])("of the second kind in %s, with files beside it, is read", async (form) => {
    expect(
      await withCheckpoint(`cp-v2-${form}`, async (table, state) => {
        const top = [{ checkpointMetadata: { version: 1 } }, ...state.slice(0, 2), { sidecar }];
        await table.write("_delta_log/_sidecars/part-1.parquet", await checkpointOf(state.slice(2)));
        const name = log(1, `.80a083e8-7026-4e79-81be-64bd76c43a11.${form}`);
        await table.write(
          name,
          form === "json" ? top.map((one) => JSON.stringify(one)).join("\n") : await checkpointOf(top),
        );
      }),
    ).toEqual([[1], [2]]);
  });

  /** So many files before the first commit that a listing shows them alone on its first page. */
  async function withLongLog(folder: string, lastCheckpoint: string) {
    const before = lake.server.requests.length;
    const rows = await withCheckpoint(folder, async (table, state) => {
      await table.write(log(1, ".parquet"), await checkpointOf(state));
      await table.write("_delta_log/_last_checkpoint", lastCheckpoint);
      const names = Array.from({ length: 2_100 }, (_, at) => `${versionName(0)}.${10_000 + at}.tmp`);
      await Promise.all(names.map((name) => table.write(`_delta_log/${name}`, "")));
    });
    const lists = lake.server.requests
      .slice(before)
      .filter(({ url }) => url.includes("list-type") && url.includes("_delta_log"));
    return { rows, lists: lists.length };
  }

  test("of a long log is found by _last_checkpoint, without listing all of it", async () => {
    expect(await withLongLog("cp-long", '{"version":1,"size":3}')).toEqual({ rows: [[1], [2]], lists: 2 });
  });

  test.each([
    ["is torn", '{"version":'],
    ["names a version that is not there", '{"version":77}'],
    ["names one before the first", '{"version":0}'],
  ])("is found by the listing where _last_checkpoint %s", async (what, text) => {
    const { rows, lists } = await withLongLog(`cp-lying-${what.length}`, text);
    expect(rows).toEqual([[1], [2]]);
    expect(lists).toBeGreaterThan(2);
  });

  test("that lacks a part is none", async () => {
    await expect(
      withCheckpoint("cp-lacking", async (table, state) => {
        await table.write(log(1, ".0000000001.0000000002.parquet"), await checkpointOf(state));
      }),
    ).rejects.toThrow(/version 0 is missing/);
  });
});

describe("A table that was read before", () => {
  async function written(folder: string) {
    const table = onS3(folder);
    const names = ["a", "b", "c", "d"];
    const [a, b, c, d] = await Promise.all(
      names.map((name, at) => table.file(`${name}.parquet`, `SELECT ${at}::BIGINT AS id`)),
    );
    await table.create({ fields: [idField] }, [a!]);
    await table.commit([b!]);
    await table.write(
      `_delta_log/${versionName(1)}.checkpoint.parquet`,
      await checkpointOf([...definition({ fields: [idField] }), a!, b!]),
    );
    await table.commit([c!]);
    return { table, d: d! };
  }
  const read = (folder: string) => rowsOf("SELECT id FROM t ORDER BY id", folder);

  test("is listed from its last checkpoint on, by one request, and shows what was written since", async () => {
    const { table, d } = await written("again");
    expect(await read("again")).toEqual([[0], [1], [2]]);
    await table.commit([d]);
    const before = lake.server.requests.length;
    expect(await read("again")).toEqual([[0], [1], [2], [3]]);
    const lists = lake.server.requests.slice(before).filter(({ url }) => url.includes("list-type"));
    expect(lists.map(({ url }) => /start-after=[^&]*?(\d{20})/.exec(url)?.[1])).toEqual([versionName(1)]);
  });

  test.each(["gone", "made anew"])("is not remembered once it is %s", async (what) => {
    const folder = `was-${what.length}`;
    await written(folder);
    await read(folder);
    const log = [0, 1, 2].map((version) => `${versionName(version)}.json`);
    for (const name of [...log, `${versionName(1)}.checkpoint.parquet`])
      await lake.server.remove("lake", `${folder}/_delta_log/${name}`);
    if (what === "gone") {
      expect(await read(folder)).toEqual([[0], [1], [2], [3]]);
      return;
    }
    const table = onS3(folder);
    await table.create({ fields: [idField] }, [await table.file("e.parquet", "SELECT 9::BIGINT AS id")]);
    expect(await read(folder)).toEqual([[9]]);
  });
});
