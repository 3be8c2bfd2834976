import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";

let lake: TestLake;
const rowCount = 200_000;

beforeAll(async () => {
  lake = await startTestLake();
  const lines = Array.from({ length: rowCount }, (_, n) => `${n},name-${n % 977}`);
  await lake.put("big.csv", `id,name\n${lines.join("\n")}\n`);
}, 60_000);
afterAll(() => lake.stop());

describe("a result of 200,000 rows", () => {
  test("is walked to its end by its cursor, every row once and in order", async () => {
    const args = { sql: "SELECT id FROM 's3://lake/big.csv' ORDER BY id DESC", limit: 10_000 };
    let expected = rowCount;
    let pages = 0;
    for (let cursor: string | undefined; ; ) {
      const page = await lake.output("lake_query", { ...args, ...(cursor ? { cursor } : {}) });
      for (const [id] of page.rows)
        if (id !== --expected) throw new Error(`${id} came in place of ${expected}`);
      pages++;
      cursor = page.cursor;
      expect(page.truncated).toBe(cursor !== undefined);
      if (cursor === undefined) break;
    }
    expect(expected).toBe(0);
    expect(pages).toBeGreaterThanOrEqual(20);
  }, 60_000);

  test("a further page belongs to the caller, the statement and the sources", async () => {
    const sql = "SELECT id FROM 's3://lake/big.csv'";
    const { cursor } = await lake.output("lake_query", { sql, limit: 10 });
    expect(await lake.fault("lake_query", { sql: `${sql} WHERE true`, cursor })).toMatchObject({
      code: "invalid_input",
    });
    const other = { id: "other", tenantId: "default", scopes: [], roles: [], via: "local" as const };
    expect(await lake.call("lake_query", { sql, cursor }, other)).toMatchObject({
      kind: "failed",
      fault: { code: "not_found" },
    });
    expect((await lake.output("lake_query", { sql, cursor, limit: 5 })).rows).toEqual([
      [10],
      [11],
      [12],
      [13],
      [14],
    ]);
  });
});

describe("reading rows by pages", () => {
  test("gives each row once, filtered and in order", async () => {
    const args = { uri: "s3://lake/big.csv", columns: ["id"], filter: "id % 50000 < 3" };
    const first = await lake.output("lake_read_rows", { ...args, limit: 7 });
    const second = await lake.output("lake_read_rows", { ...args, limit: 7, cursor: first.cursor });
    expect([...first.rows, ...second.rows].flat()).toEqual(
      [0, 50_000, 100_000, 150_000].flatMap((start) => [start, start + 1, start + 2]),
    );
    expect(second).toMatchObject({ truncated: false });
    expect(second.cursor).toBeUndefined();
  });

  test("ends a page where its bytes are full", async () => {
    const { rows, truncated } = await lake.output("lake_read_rows", {
      uri: "s3://lake/big.csv",
      limit: 10_000,
    });
    expect(rows).toHaveLength(10_000);
    expect(truncated).toBe(true);
    const wide = await lake.put("wide.csv", `t\n${`${"x".repeat(10_000)}\n`.repeat(100)}`);
    const page = await lake.output("lake_read_rows", { uri: wide, limit: 100 });
    expect(page.rows.length).toBeGreaterThan(10);
    expect(page.rows.length).toBeLessThan(27);
    expect(page.cursor).toBeDefined();
  });

  test("an object replaced between two pages is changed, never mixed", async () => {
    const uri = await lake.put("moving.csv", "a\n1\n2\n3\n");
    const { cursor } = await lake.output("lake_read_rows", { uri, limit: 1 });
    await lake.put("moving.csv", "a\n4\n5\n6\n");
    expect(await lake.fault("lake_read_rows", { uri, limit: 1, cursor })).toMatchObject({ code: "changed" });
    expect((await lake.output("lake_read_rows", { uri })).rows).toEqual([[4], [5], [6]]);
  });

  test("so is a file on disk", async () => {
    const uri = await lake.write("moving.csv", "a\n1\n2\n");
    const { cursor } = await lake.output("lake_read_rows", { uri, limit: 1 });
    await lake.write("moving.csv", "a\n7\n8\n9\n");
    expect(await lake.fault("lake_read_rows", { uri, limit: 1, cursor })).toMatchObject({ code: "changed" });
  });

  test("a cursor goes with its own arguments only", async () => {
    const { cursor } = await lake.output("lake_read_rows", { uri: "s3://lake/big.csv", limit: 1 });
    expect(
      await lake.fault("lake_read_rows", { uri: "s3://lake/big.csv", filter: "id > 5", cursor }),
    ).toMatchObject({ code: "invalid_input", message: expect.stringContaining("other arguments") });
  });

  test("a limit over the bound is refused, not cut", async () => {
    expect(await lake.fault("lake_read_rows", { uri: "s3://lake/big.csv", limit: 10_001 })).toMatchObject({
      code: "invalid_input",
    });
  });
});

describe("a filter", () => {
  test.each([
    "1=1) UNION ALL SELECT * FROM dataset WHERE (1=1",
    "id IN (SELECT id FROM 's3://lake/other.csv')",
    "id = 1; SELECT 2",
    "read_text('/etc/passwd') IS NOT NULL",
    "id = 1 --",
    "nonsense +",
    "no_such_column = 1",
  ])("%s is refused", async (filter) => {
    expect(await lake.fault("lake_read_rows", { uri: "s3://lake/big.csv", filter })).toMatchObject({
      code: "invalid_input",
    });
  });
});
