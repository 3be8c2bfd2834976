import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../../../test/harness/lake.ts";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { parquetOf } from "../../../test/harness/parquet.ts";
import type { Dataset } from "./dataset.ts";
import { createResolver } from "./resolver.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

const count = async (uri: string) =>
  (await lake.output("lake_query", { sql: `SELECT count(*) FROM '${uri}'` })).rows[0][0];

test("what changed since the last call is read as it is now", async () => {
  const uri = await lake.put("moving.parquet", await parquetOf("SELECT * FROM range(10)"));
  expect(await count(uri)).toBe(10);
  expect(await count(uri)).toBe(10);
  await lake.put("moving.parquet", await parquetOf("SELECT * FROM range(20)"));
  expect(await count(uri)).toBe(20);
  const folder = "s3://lake/growing/";
  await lake.put("growing/a.csv", "n\n1\n");
  expect(await count(folder)).toBe(1);
  await lake.put("growing/b.csv", "n\n2\n");
  expect(await count(folder)).toBe(2);
});

const dataset = (version: string) => ({ version, files: [] }) as unknown as Dataset;

test("work is begun on what is known, and done again where that is no more", async () => {
  let version = "1";
  let lookups = 0;
  const gate: { open: () => void } = { open: () => {} };
  const resolver = createResolver(async () => {
    if (++lookups > 1) await new Promise<void>((resolve) => (gate.open = resolve));
    return dataset(version);
  });
  const seen: string[] = [];
  const signals: AbortSignal[] = [];
  const ask = () =>
    resolver.withDatasets([{ uri: "s3://b/k" }], lakeScope(), async ([found], { signal }) => {
      seen.push(found?.version ?? "");
      signals.push(signal);
      return `of ${found?.version}`;
    });
  expect(await ask()).toBe("of 1");
  const same = ask();
  await expect.poll(() => seen.length).toBe(2);
  gate.open();
  expect(await same).toBe("of 1");
  version = "2";
  const changed = ask();
  await expect.poll(() => seen.length).toBe(3);
  gate.open();
  expect(await changed).toBe("of 2");
  expect(seen).toEqual(["1", "1", "1", "2"]);
  expect(signals[2]?.aborted).toBe(true);
});

test("what is not there any more is said, whatever the old one came to", async () => {
  const uri = await lake.put("gone.csv", "n\n1\n");
  expect(await count(uri)).toBe(1);
  await lake.server.remove("lake", "gone.csv");
  expect(await lake.fault("lake_query", { sql: `SELECT count(*) FROM '${uri}'` })).toMatchObject({
    code: "not_found",
  });
});
