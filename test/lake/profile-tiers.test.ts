import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;
const uri = "s3://lake/big.parquet";
let file: Buffer;

beforeAll(async () => {
  lake = await startTestLake();
  const rows =
    "SELECT i AS id, i % 5 AS kind, CASE WHEN i % 10 = 0 THEN NULL ELSE (i / 4)::DECIMAL(12,2) END AS price, 'n' || i % 3 AS name, " +
    "DATE '2024-01-01' + (i // 10000)::INTEGER AS day, [i] AS list, 1 AS one FROM range(1200000) t(i)";
  file = await parquetOf(rows, "ROW_GROUP_SIZE 20480");
  await lake.put("big.parquet", file);
  await lake.put(
    "two/a.parquet",
    await parquetOf("SELECT 1::BIGINT AS id, 'x' AS name UNION ALL SELECT 9007199254740993, NULL"),
  );
  await lake.put("two/b.parquet", await parquetOf("SELECT -5::BIGINT AS id"));
});
afterAll(() => lake.stop());

// biome-ignore lint/suspicious/noExplicitAny: looks into profiles of every shape
const columnOf = (profile: any, name: string) => profile.columns.find((column: any) => column.name === name);

describe("A profile of Parquet", () => {
  test("by footers reads no row", async () => {
    const before = lake.server.requests.length;
    const profile = await lake.output("lake_profile_dataset", { uri, mode: "footer" });
    expect(profile).toMatchObject({ rowCount: 1_200_000, profiledRows: 0, mode: "footer" });
    expect(columnOf(profile, "id")).toEqual({ name: "id", type: "BIGINT", nulls: 0, min: 0, max: 1_199_999 });
    expect(columnOf(profile, "price")).toMatchObject({ nulls: 120_000, min: "0.25", max: "299999.75" });
    expect(columnOf(profile, "day")).toMatchObject({ min: "2024-01-01", max: "2024-04-29" });
    expect(columnOf(profile, "list")).toEqual({ name: "list", type: "BIGINT[]" });
    expect(lake.server.requests.length - before).toBeLessThanOrEqual(4);
  });

  test("by footers puts the files together", async () => {
    const profile = await lake.output("lake_profile_dataset", { uri: "s3://lake/two/", mode: "footer" });
    expect(profile.rowCount).toBe(3);
    expect(columnOf(profile, "id")).toMatchObject({ nulls: 0, min: -5, max: "9007199254740993" });
    expect(columnOf(profile, "name")).toMatchObject({ nulls: 2, min: "x", max: "x" });
  });

  test("by footers is refused for other formats, with what to do", async () => {
    await lake.put("plain.csv", "a\n1\n");
    expect(
      await lake.fault("lake_profile_dataset", { uri: "s3://lake/plain.csv", mode: "footer" }),
    ).toMatchObject({
      code: "invalid_input",
      message: expect.stringContaining("Leave mode out"),
    });
  });

  test("of a sample takes whole row groups, and says which part they are", async () => {
    const profile = await lake.output("lake_profile_dataset", { uri, mode: "sample" });
    expect(profile.mode).toBe("sample");
    expect(profile.rowCount).toBe(1_200_000);
    expect(profile.profiledRows).toBe(100_000);
    expect(profile.notes.join()).toContain("10 of 59 row groups");
    expect(columnOf(profile, "kind").top).toHaveLength(5);
    expect(columnOf(profile, "id").min).toBeGreaterThan(0);
  });

  test.each([
    ["of all columns", {}],
    ["of some columns, which are planned for", { columns: ["kind", "name"] }],
  ])("of a sample fetches no row group but the sample's, once: %s", async (name, wish) => {
    const key = `sampled-${name.length}.parquet`;
    await lake.put(key, file);
    const asked = { uri: `s3://lake/${key}`, mode: "sample", ...wish };
    const before = lake.server.sentBytes();
    const first = await lake.output("lake_profile_dataset", asked);
    const sentBytes = lake.server.sentBytes() - before;
    expect(sentBytes).toBeLessThan((10 / 59) * file.length + 128 * 1024);
    expect(await lake.output("lake_profile_dataset", asked)).toEqual(first);
    // To look whether the object changed takes a listing.
    expect(lake.server.sentBytes() - before).toBeLessThan(sentBytes + 1_000);
    expect(first.columns).toEqual((await lake.output("lake_profile_dataset", { ...asked, uri })).columns);
  });

  test("of a sample that is more than may be read is refused, with the setting", async () => {
    const { query } = lake.settings;
    const small = await startTestLake({ settings: { query: { ...query, maxScanBytes: file.length / 10 } } });
    try {
      await small.put("big.parquet", file);
      expect(await small.fault("lake_profile_dataset", { uri, mode: "sample" })).toMatchObject({
        code: "too_large",
        message: expect.stringContaining("lake.query.maxScanBytes"),
      });
    } finally {
      await small.stop();
    }
  });

  test("of every row has exact figures, and distributions of a sample where there are many rows", async () => {
    const profile = await lake.output("lake_profile_dataset", { uri, mode: "whole" });
    expect(profile).toMatchObject({ mode: "whole", profiledRows: 1_200_000 });
    expect(columnOf(profile, "id")).toMatchObject({ min: 0, max: 1_199_999, mean: 599_999.5, nulls: 0 });
    expect(columnOf(profile, "price").nulls).toBe(120_000);
    const { p5, p95 } = columnOf(profile, "id").quantiles;
    expect(p5).toBeLessThan(150_000);
    expect(p95).toBeGreaterThan(1_050_000);
    expect(profile.notes.join()).toContain("10 of 59 row groups");
  });
});
