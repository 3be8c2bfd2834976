import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  const rows = Array.from({ length: 1_000 }, (_, n) => {
    const status = n % 10 === 0 ? "" : n % 3 === 0 ? "paid" : "open";
    return `${n},${status},${(n / 4).toFixed(2)},2025-01-${String(1 + (n % 28)).padStart(2, "0")},${n % 2 === 0}`;
  });
  await lake.put("orders.csv", `id,status,total,day,flag\n${rows.join("\n")}\nbad\n`);
});
afterAll(() => lake.stop());

// biome-ignore lint/suspicious/noExplicitAny: looks into profiles of every shape
const columnOf = (profile: any, name: string) => profile.columns.find((column: any) => column.name === name);

describe("lake_profile_dataset", () => {
  test("tells the truth about every column of a small file", async () => {
    const profile = await lake.output("lake_profile_dataset", {
      uri: "s3://lake/orders.csv",
      histogramBins: 4,
    });
    expect(profile).toMatchObject({
      rowCount: 1_000,
      profiledRows: 1_000,
      mode: "whole",
      rejectedRows: 1,
      truncated: false,
    });
    expect(columnOf(profile, "id")).toMatchObject({
      type: "BIGINT",
      nulls: 0,
      distinct: { count: 1_000, exactness: "exact" },
      min: 0,
      max: 999,
      mean: 499.5,
      histogram: [{ count: 250 }, { count: 250 }, { count: 250 }, { count: 250 }],
    });
    expect(columnOf(profile, "status")).toMatchObject({
      distinct: { count: 2, exactness: "exact" },
      nulls: 100,
      top: [
        { value: "open", count: 600 },
        { value: "paid", count: 300 },
      ],
    });
    expect(columnOf(profile, "total").quantiles).toMatchObject({ p50: expect.anything() });
    expect(columnOf(profile, "day")).toMatchObject({ type: "DATE", min: "2025-01-01", max: "2025-01-28" });
    expect(columnOf(profile, "day").histogram[0].from).toBe("2025-01-01T00:00:00.000Z");
    expect(columnOf(profile, "flag").top).toEqual([
      { value: false, count: 500 },
      { value: true, count: 500 },
    ]);
  });

  test("looks at the columns asked for, in their order, and knows no others", async () => {
    const args = { uri: "s3://lake/orders.csv", topValues: 0, histogramBins: 0 };
    const profile = await lake.output("lake_profile_dataset", { ...args, columns: ["total", "id"] });
    expect(profile.columns.map(({ name }: { name: string }) => name)).toEqual(["total", "id"]);
    expect(profile.columns[0].histogram).toBeUndefined();
    expect(await lake.fault("lake_profile_dataset", { ...args, columns: ["totl"] })).toEqual({
      code: "invalid_input",
      message: 'There is no column "totl"; did you mean "total"?',
    });
  });

  test.each([1, 2])("walks a wide table by cursor, every column once, with %i threads", async (threads) => {
    const { query } = lake.settings;
    const one = await startTestLake({ settings: { query: { ...query, threads, memoryBytes: 256e6 } } });
    const names = Array.from({ length: 120 }, (_, n) => `c${n}`);
    const uri = await one.put("wide.csv", `${names.join(",")}\n${names.map((_, n) => n).join(",")}\n`);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await one.output("lake_profile_dataset", { uri, ...(cursor ? { cursor } : {}) });
      seen.push(...page.columns.map(({ name }: { name: string }) => name));
      cursor = page.cursor;
    } while (cursor !== undefined);
    await one.stop();
    expect(seen).toEqual(names);
  });

  test.each([1, 2])(
    "profiles 50 columns of 100,000 texts with %i threads and the default memory",
    async (threads) => {
      const rows = Array.from({ length: 100_000 }, (_, n) =>
        Array.from({ length: 50 }, (_, c) => `t${(n * (c + 1)) % 99_991}`).join(","),
      );
      const { query } = lake.settings;
      const one = await startTestLake({ settings: { query: { ...query, threads, memoryBytes: 256e6 } } });
      try {
        const uri = await one.write(
          "texts.csv",
          `${Array.from({ length: 50 }, (_, c) => `c${c}`).join(",")}\n${rows.join("\n")}\n`,
        );
        const profile = await one.output("lake_profile_dataset", { uri });
        expect(profile.columns).toHaveLength(50);
        for (const { distinct } of profile.columns) expect(distinct.exactness).toBe("exact");
      } finally {
        await one.stop();
      }
    },
  );

  test("takes a sample of many rows when asked to, and says so", async () => {
    const rows = Array.from({ length: 400_000 }, (_, n) => `${n},${n % 5}`);
    const uri = await lake.put("many.csv", `id,mod\n${rows.join("\n")}\n`);
    const sample = await lake.output("lake_profile_dataset", { uri, mode: "sample" });
    expect(sample).toMatchObject({ rowCount: 400_000, mode: "sample" });
    expect(sample.profiledRows).toBeGreaterThan(50_000);
    expect(sample.profiledRows).toBeLessThan(150_000);
    expect(sample.notes[0]).toContain("A sample");
    const whole = await lake.output("lake_profile_dataset", { uri });
    expect(whole).toMatchObject({ profiledRows: 400_000, mode: "whole" });
    expect(columnOf(whole, "id")).toMatchObject({
      min: 0,
      max: 399_999,
      distinct: { exactness: "estimated" },
    });
    expect(columnOf(whole, "id").distinct.count).toBeGreaterThan(350_000);
    expect(columnOf(whole, "mod")).toMatchObject({
      distinct: { count: 5, exactness: "exact" },
      top: Array(5).fill({ count: 80_000 }),
    });
  });

  test("survives values no statistics can be made of", async () => {
    const uri = await lake.put(
      "odd.ndjson",
      '{"f":1e308,"n":{"a":1},"t":"x"}\n{"f":-1e308,"n":{"a":2},"t":"<nil>"}\n',
    );
    const profile = await lake.output("lake_profile_dataset", { uri });
    expect(profile.rowCount).toBe(2);
    expect(columnOf(profile, "n").distinct).toBeUndefined();
  });

  test("answers to its old name", async () => {
    expect(await lake.output("get_dataset_summary", { bucket: "lake", key: "orders.csv" })).toMatchObject({
      rowCount: 1_000,
    });
  });
});
