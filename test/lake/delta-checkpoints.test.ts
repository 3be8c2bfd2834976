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

  test.each([
    ["is torn", '{"version":'],
    ["names a version that is not there", '{"version":77}'],
    ["names one before the first", '{"version":0}'],
  ])("is found by the listing where _last_checkpoint %s", async (what, text) => {
    expect(
      await withCheckpoint(`cp-lying-${what.length}`, async (table, state) => {
        await table.write(log(1, ".parquet"), await checkpointOf(state));
        await table.write("_delta_log/_last_checkpoint", text);
      }),
    ).toEqual([[1], [2]]);
  });

  test("that lacks a part is none", async () => {
    await expect(
      withCheckpoint("cp-lacking", async (table, state) => {
        await table.write(log(1, ".0000000001.0000000002.parquet"), await checkpointOf(state));
      }),
    ).rejects.toThrow(/version 0 is missing/);
  });
});
