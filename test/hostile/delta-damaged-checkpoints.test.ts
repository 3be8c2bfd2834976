import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkpointOf, DeltaWriter, definition, versionName } from "../harness/delta-table.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;
beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

let tables = 0;
const newTable = () => new DeltaWriter(`table-${++tables}`, (name, body) => lake.put(name, body));
const idField = { name: "id", type: "long" };
const faultOf = (table: DeltaWriter) => lake.fault("lake_read_rows", { uri: `s3://lake/${table.folder}/` });

describe("Damage is an error, and never a part of a table", () => {
  test("a checkpoint that is cut short is an error", async () => {
    const table = newTable();
    await table.create({ fields: [idField] });
    const whole = await checkpointOf(definition({ fields: [idField] }));
    await table.write(
      `_delta_log/${versionName(0)}.checkpoint.parquet`,
      whole.subarray(0, whole.length - 20),
    );
    expect((await faultOf(table)).code).toBe("invalid_input");
  });

  test("a checkpoint with a damaged page says so, and none of the engine's words", async () => {
    const table = newTable();
    await table.create({ fields: [idField] });
    const bytes = await checkpointOf(definition({ fields: [idField] }));
    const footerBytes = bytes.readUInt32LE(bytes.length - 8);
    bytes.fill(0xff, 4, bytes.length - 8 - footerBytes);
    const name = `_delta_log/${versionName(0)}.checkpoint.parquet`;
    await table.write(name, bytes);
    const { code, message } = await faultOf(table);
    expect([code, message]).toEqual(["invalid_input", expect.stringContaining("cannot be read as Parquet")]);
    expect(message).toContain(name);
    expect(message).not.toMatch(/Error:|Failed to read/);
  });

  test.each(["1 AS add", "{'file': 'a.parquet'} AS add", "1 AS sidecar"])(
    "a checkpoint with %s is an error, and no table without those files",
    async (column) => {
      const table = newTable();
      await table.create({ fields: [idField] });
      const body = await parquetOf(`SELECT ${column}`);
      await table.write(`_delta_log/${versionName(0)}.checkpoint.parquet`, body);
      expect(await faultOf(table)).toMatchObject({
        code: "invalid_input",
        message: expect.stringMatching(/the column (add|sidecar) of its checkpoint has no path/),
      });
    },
  );
});
