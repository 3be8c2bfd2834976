import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;
let good: Buffer;

beforeAll(async () => {
  lake = await startTestLake();
  good = await parquetOf("SELECT range AS a, 'x' || range AS b FROM range(1000)");
});
afterAll(() => lake.stop());

test.each([0, 4, 0.5])(
  "a footer damaged at %d is called damaged by every tool, with the file",
  async (place) => {
    const footerBytes = good.readUInt32LE(good.length - 8);
    const from = good.length - 8 - footerBytes + (place < 1 ? Math.floor(footerBytes * place) : place);
    const bytes = Buffer.from(good);
    bytes.fill(0xff, from, from + 8);
    await lake.write(`set-${place}/good.parquet`, good);
    const bad = await lake.write(`set-${place}/bad.parquet`, bytes);
    const damaged = { code: "invalid_input", message: expect.stringContaining("damaged") };
    expect(await lake.fault("lake_get_metadata", { uri: bad })).toMatchObject(damaged);
    expect(await lake.fault("lake_read_rows", { uri: bad })).toMatchObject(damaged);
    const fault = await lake.fault("lake_query", { sql: `SELECT sum(a) FROM '${lake.root}/set-${place}/'` });
    expect(fault).toMatchObject(damaged);
    expect(fault.message).toContain("bad.parquet");
  },
);
