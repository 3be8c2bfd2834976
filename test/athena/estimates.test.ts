import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type AthenaLake, startAthenaLake } from "../harness/athena-lake.ts";
import { parquetOf } from "../harness/parquet.ts";

const minimumBytes = 10 * 1024 ** 2;
const started = (lake: AthenaLake) => lake.athena.executions.length;

describe("with room here", () => {
  let lake: AthenaLake;
  beforeAll(async () => {
    lake = await startAthenaLake({ auto: true });
  });
  afterAll(() => lake.stop());
  const estimate = (sql: string, more = {}) => lake.output("lake_query", { sql, estimate: true, ...more });

  test("Parquet counts by the column chunks the plan reads, text whole, and nothing runs", async () => {
    const narrow = await estimate("SELECT sum(id) FROM 's3://lake/orders/'");
    const wide = await estimate("SELECT * FROM 's3://lake/orders/'");
    expect(narrow).toMatchObject({
      engine: "local",
      rows: [],
      truncated: false,
      estimate: { files: 1, exactness: "by plan" },
    });
    expect(narrow.estimate.bytesToFetch).toBeGreaterThan(0);
    expect(narrow.estimate.bytesToFetch).toBeLessThan(wide.estimate.bytesToFetch / 2);
    const text = await estimate("SELECT count(*) FROM 's3://lake/notes/'");
    expect(text.estimate).toMatchObject({ files: 1, bytesToFetch: 19, exactness: "by plan" });
    const head = await estimate("SELECT * FROM 's3://lake/notes/' LIMIT 1");
    expect(head.estimate).toMatchObject({ bytesToFetch: 19, exactness: "at most" });
    expect(started(lake)).toBe(0);
  });

  test("partitions are left out by name, here and for Athena", async () => {
    const all = await estimate("SELECT * FROM 's3://lake/events/'");
    const one = await estimate("SELECT * FROM 's3://lake/events/' WHERE year = 2025");
    expect([all.estimate.files, one.estimate.files]).toEqual([2, 1]);
    const athena = await estimate("SELECT * FROM sales.events e WHERE e.year = 2025", { engine: "athena" });
    expect(athena).toMatchObject({
      engine: "athena",
      estimate: { files: 1, bytesBilled: minimumBytes, costUsd: 0.000048 },
    });
    expect(started(lake)).toBe(0);
  });

  test("auto says which engine would take it, and why", async () => {
    expect((await estimate("SELECT count(*) FROM 's3://lake/orders/'")).estimate.reason).toContain(
      "within lake.query.maxScanBytes",
    );
    const named = await estimate("SELECT count(*) FROM sales.orders");
    expect(named).toMatchObject({
      engine: "athena",
      estimate: { reason: "It names tables of athena's catalog." },
    });
    expect(named.notes.join(" ")).toContain("an assumption, not AWS's bill");
  });

  test("what Athena would bill is told of a folder that is a table of its catalog", async () => {
    expect((await estimate("SELECT sum(id) FROM 's3://lake/orders/'")).estimate).toMatchObject({
      bytesBilled: minimumBytes,
    });
    const parquet = await estimate("SELECT sum(id) FROM 's3://lake/orders/'");
    expect(parquet.notes.join(" ")).not.toContain("were the files a table");
    const text = await estimate("SELECT count(*) FROM 's3://lake/notes/'");
    expect(text.estimate).toMatchObject({ bytesBilled: minimumBytes, costUsd: 0.000048 });
    expect(text.notes.join(" ")).toContain("of the format csv, which the two engines may read differently");
    expect(text.notes.join(" ")).toContain("what it would bill were the files a table of its catalog");
  });

  test("a function of Trino's own is estimated by whole tables, and that is said", async () => {
    const answer = await estimate("SELECT approx_distinct(id) FROM sales.orders", { engine: "athena" });
    expect(answer.estimate).toMatchObject({ files: 1, exactness: "at most" });
    expect(answer.notes.join(" ")).toContain("count whole");
  });

  test("what cannot be told is left out, and why is said", async () => {
    const answer = await estimate("SELECT n FROM sales.view", { engine: "athena" });
    expect(answer.estimate.bytesBilled).toBeUndefined();
    expect(answer.notes.join(" ")).toContain("sales.view is a view");
  });

  test("a statement that would not run is refused alike", async () => {
    expect(await lake.fault("lake_query", { sql: "SELECT 1; SELECT 2", estimate: true })).toMatchObject({
      code: "invalid_input",
    });
    const denied = { sql: "SELECT * FROM private.salaries", estimate: true, engine: "athena" };
    expect(await lake.fault("lake_query", denied)).toMatchObject({ code: "denied" });
    const cursor = { sql: "SELECT 1", estimate: true, cursor: "athena.e30" };
    expect(await lake.fault("lake_query", cursor)).toMatchObject({ code: "invalid_input" });
  });

  test("auto runs a statement over tables of the catalog on Athena", async () => {
    expect(await lake.output("lake_query", { sql: "SELECT count(*) FROM sales.orders" })).toMatchObject({
      engine: "athena",
      rows: [[20000]],
    });
    expect(
      await lake.output("lake_query", { sql: "SELECT count(*) FROM 's3://lake/orders/'" }),
    ).toMatchObject({ engine: "local" });
  });
});

describe("with too little room here", () => {
  const little = {
    timeoutMs: 60_000,
    memoryBytes: 256 * 1024 ** 2,
    threads: 1,
    workers: 1,
    tempBytes: 1024 ** 3,
    maxScanBytes: 200,
    maxResultBytes: 1024 ** 2,
  };
  let lake: AthenaLake;
  afterEach(() => lake.stop());
  const orders = "SELECT status, count(*) AS n FROM 's3://lake/orders/' GROUP BY status ORDER BY status";

  test("auto hands a folder over to Athena where a table is exactly that folder", async () => {
    lake = await startAthenaLake({ auto: true }, { settings: { query: little } });
    const answer = await lake.output("lake_query", { sql: orders });
    expect(answer).toMatchObject({
      engine: "athena",
      rows: [
        [0, 6667],
        [1, 6667],
        [2, 6666],
      ],
    });
    expect(answer.notes.join(" ")).toMatch(/handed the statement over to athena: This would read \d+ bytes/);
    expect(answer.notes.join(" ")).toContain('Athena read "s3://lake/orders/" as the table sales.orders');
    const events = "SELECT year, count(kind) AS n FROM 's3://lake/events/' GROUP BY year ORDER BY year";
    expect(await lake.output("lake_query", { sql: events })).toMatchObject({
      engine: "athena",
      rows: [
        [2024, 15000],
        [2025, 17000],
      ],
    });
    expect(await lake.output("lake_query", { sql: orders, estimate: true })).toMatchObject({
      engine: "athena",
    });
  });

  test("it does not where the statement may mean something else in Trino's SQL", async () => {
    lake = await startAthenaLake({ auto: true }, { settings: { query: little } });
    const { code, message } = await lake.fault("lake_query", {
      sql: "SELECT id / 2 FROM 's3://lake/orders/'",
    });
    expect([code, message]).toEqual([
      "too_large",
      expect.stringContaining("/ means something else in Trino's SQL"),
    ]);
    expect(
      (await lake.fault("lake_query", { sql: "SELECT greatest(id, status) FROM 's3://lake/orders/'" }))
        .message,
    ).toContain("greatest()");
    expect(started(lake)).toBe(0);
  });

  test("it does not where a partition is missing from the catalog, or the columns differ", async () => {
    lake = await startAthenaLake({ auto: true }, { settings: { query: little } });
    await lake.put(
      "events/year=2026/a.parquet",
      await parquetOf("SELECT range AS id, md5(range::VARCHAR) AS kind FROM range(15000)"),
    );
    const events = "SELECT count(id) FROM 's3://lake/events/'";
    expect((await lake.fault("lake_query", { sql: events })).message).toContain(
      'no partition registered for "s3://lake/events/year=2026/"',
    );
    await lake.put(
      "orders/part.parquet",
      await parquetOf("SELECT range AS id, md5(range::VARCHAR) AS at FROM range(20000)"),
    );
    expect(
      (await lake.fault("lake_query", { sql: "SELECT sum(id) FROM 's3://lake/orders/'" })).message,
    ).toContain("the files have id, at");
  });

  test("it does not, and says what to set, where that is not allowed", async () => {
    lake = await startAthenaLake({}, { settings: { query: little } });
    const { code, message } = await lake.fault("lake_query", { sql: orders });
    expect([code, message]).toEqual(["too_large", expect.stringContaining("lake.athena.auto is off")]);
    expect((await lake.fault("lake_query", { sql: "SELECT 1 FROM sales.orders" })).message).toContain(
      "Give engine: athena",
    );
    expect(await lake.output("lake_query", { sql: orders, estimate: true })).toMatchObject({
      engine: "none",
      estimate: { reason: expect.stringContaining("lake.athena.auto is off") },
    });
    expect(started(lake)).toBe(0);
  });
});

describe("the bound on what one query may bill", () => {
  let lake: AthenaLake;
  afterEach(() => lake.stop());

  test("refuses beforehand what is known to pass it", async () => {
    lake = await startAthenaLake({ maxScanBytes: 5_000 });
    const { code, message } = await lake.fault("lake_query", {
      sql: "SELECT * FROM sales.orders",
      engine: "athena",
    });
    expect([code, message]).toEqual([
      "too_large",
      expect.stringContaining(`Athena would bill ${minimumBytes} bytes of 1 file`),
    ]);
    expect(started(lake)).toBe(0);
  });

  test("stops what passes it while it runs", async () => {
    lake = await startAthenaLake({ maxScanBytes: 5_000 });
    lake.athena.behaviour.pollsToRun = Number.POSITIVE_INFINITY;
    const { code, message } = await lake.fault("lake_query", {
      sql: "SELECT max(id), current_setting('threads') FROM sales.orders",
      engine: "athena",
    });
    expect([code, message]).toEqual(["too_large", expect.stringContaining("when it was stopped")]);
    expect(lake.athena.executions.map(({ state }) => state)).toEqual(["CANCELLED"]);
  });
});
