import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  for (const year of [2023, 2024, 2025]) {
    for (const month of ["01", "02"]) {
      const select = `SELECT i AS id, ${year} * 100 + i AS total ${year === 2025 ? ", 'new' AS added" : ""} FROM range(5) t(i)`;
      await lake.put(`sales/year=${year}/month=${month}/a.parquet`, await parquetOf(select));
      await lake.put(`lines/year=${year}/month=${month}/a.csv`, `id,total\n1,${year}\n`);
    }
  }
});
afterAll(() => lake.stop());

/** Keys of the objects read while a statement runs, each once. */
async function keysRead(sql: string, sources: Record<string, unknown> = {}) {
  const before = lake.server.requests.length;
  const output = await lake.output("lake_query", { sql, sources });
  const gets = lake.server.requests
    .slice(before)
    .filter(({ method, url }) => method === "GET" && !url.includes("list-type"));
  const keys = gets.map(({ url }) => decodeURIComponent(url.replace(/^\/lake\//, "").replace(/\?.*/, "")));
  return { output, keys: [...new Set(keys)].sort() };
}

describe("Of partitioned files", () => {
  test("those outside the conditions are never read", async () => {
    const { output, keys } = await keysRead(
      "SELECT count(*) n, sum(total) whole FROM 's3://lake/sales/' WHERE year = 2024 AND month = '02'",
    );
    expect(output.rows).toEqual([[5, 1_012_010]]);
    expect(keys).toEqual(["sales/year=2024/month=02/a.parquet"]);
    expect(output.notes.join()).toContain("Left out: 5 of 6 files");
  });

  test("those outside are looked at for their types alone, where a statement's answer depends on them", async () => {
    const before = lake.server.requests.length;
    const sql = "SELECT min(total) least FROM 's3://lake/sales/' WHERE year = 2024 AND month = '01'";
    expect((await lake.output("lake_query", { sql })).rows).toEqual([[202400]]);
    expect(lake.server.requests.length - before).toBeLessThanOrEqual(8);
    const { keys } = await keysRead(sql.replace("'01'", "'02'"));
    expect(keys).toEqual([]);
  });

  test("a join prunes each side by its own conditions", async () => {
    const { output, keys } = await keysRead(
      "SELECT count(*) n FROM s JOIN l ON s.year = l.year AND l.year = 2023 WHERE s.year > 2024",
      { s: { uri: "s3://lake/sales/" }, l: { uri: "s3://lake/lines/" } },
    );
    expect(output.rows).toEqual([[0]]);
    expect(
      keys.every((key) => key.startsWith("sales/year=2025/") || key.startsWith("lines/year=2023/")),
    ).toBe(true);
  });

  test("a table read twice keeps the files of both readings", async () => {
    const { output } = await keysRead(
      "SELECT count(*) n FROM (SELECT * FROM 's3://lake/sales/' WHERE year = 2023 UNION ALL SELECT * FROM 's3://lake/sales/' WHERE year = 2024)",
    );
    expect(output.rows).toEqual([[20]]);
  });

  test("a column only other files have is still known", async () => {
    const { output } = await keysRead(
      "SELECT count(added) n, count(*) m FROM 's3://lake/sales/' WHERE year = 2023",
    );
    expect(output.rows).toEqual([[0, 10]]);
  });

  test("none left gives no rows, and the columns", async () => {
    const { output } = await keysRead("SELECT id, year FROM 's3://lake/sales/' WHERE year = 1999");
    expect(output.rows).toEqual([]);
    expect(output.columns.map(({ name }: { name: string }) => name)).toEqual(["id", "year"]);
  });

  test("rows read with a filter are those of the files left, page by page", async () => {
    const first = await lake.output("lake_read_rows", {
      uri: "s3://lake/sales/",
      filter: "year = 2024",
      limit: 7,
    });
    const second = await lake.output("lake_read_rows", {
      uri: "s3://lake/sales/",
      filter: "year = 2024",
      limit: 7,
      cursor: first.cursor,
    });
    expect(first.rows.length + second.rows.length).toBe(10);
    expect(second.cursor).toBeUndefined();
  });
});
