import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { RowPage } from "../sql/engine.ts";
import { planExact } from "./column-plan.ts";
import { applyDistribution, distributionSql, groupingsOf, passesOf } from "./distribution.ts";
import { readStatistics, statisticsSql } from "./statistics.ts";

const dataset = { from: "dataset", look: "cheap" } as const;
const wish = { topValues: 4, histogramBins: 3 };

/** Of each type a profile knows: values of which some come as often as others. */
const values = {
  TINYINT: "i % 7 - 3",
  UBIGINT: "(i % 5 + 18446744073709551000)::UBIGINT",
  HUGEINT: "(i % 5)::HUGEINT * -170141183460469231731687303715884105",
  "DECIMAL(38,2)":
    "CASE i % 3 WHEN 0 THEN 999999999999999999999999999999999999.99 WHEN 1 THEN 0.25 ELSE 7 END",
  DOUBLE: "CASE i % 5 WHEN 0 THEN 0::DOUBLE WHEN 1 THEN -0::DOUBLE WHEN 2 THEN 'nan'::DOUBLE ELSE i % 5 END",
  BOOLEAN: "i % 3 = 0",
  DATE: "DATE '2020-02-27' + (i % 6)::INTEGER",
  "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '1960-01-01 00:00:00.5Z' + INTERVAL 1 DAY * (i % 6)",
  TIMESTAMP_NS: "(TIMESTAMP '2020-01-01' + INTERVAL 1 SECOND * (i % 6))::TIMESTAMP_NS",
  TIME: "TIME '10:00' + INTERVAL 1 MINUTE * (i % 6)",
  "TIME WITH TIME ZONE": "'10:00:00+0' || i % 6",
  VARCHAR: "CASE i % 5 WHEN 0 THEN '' WHEN 1 THEN repeat('é', 300) ELSE 'v' || i % 5 END",
  UUID: "('00000000-0000-0000-0000-00000000000' || i % 8)::UUID",
  "ENUM('b','a','c')": "CASE i % 3 WHEN 0 THEN 'b' WHEN 1 THEN 'a' ELSE 'c' END",
};

async function connect() {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET TimeZone = 'UTC'");
  const ask = async (sql: string): Promise<RowPage> => {
    const reader = await connection.runAndReadAll(sql);
    const columns = reader.columnNames().map((name) => ({ name, type: "" }));
    return { columns, rows: reader.getRowsJson() } as unknown as RowPage;
  };
  return { connection, ask };
}

test.each(Object.entries(values))(
  "top values of %s are those of GROUP BY, few or many",
  async (type, value) => {
    const { connection, ask } = await connect();
    await connection.run(
      `CREATE TABLE dataset AS SELECT CASE WHEN i % 11 < 10 THEN CAST(${value} AS ${type}) END AS a,
       i % 3000 AS many FROM range(12000) AS t(i)`,
    );
    const plans = planExact([
      { name: "a", type },
      { name: "many", type: "BIGINT" },
    ]);
    const found = readStatistics(
      await ask(statisticsSql(plans, "dataset", { hasRange: true, hasWild: true })),
      plans,
    );
    const groupings = groupingsOf(found.statistics, wish);
    expect(groupings.filter(({ kind }) => kind === "top").map(({ isListed }) => isListed)).toEqual([
      type !== "DOUBLE",
      false,
    ]);
    applyDistribution(await ask(distributionSql(groupings, dataset, wish)), groupings, wish, true);
    const [a, many] = found.statistics;
    const plain = async (column: string) =>
      (
        await ask(`SELECT ${column}, count(*) AS n FROM dataset WHERE ${column} IS NOT NULL
        GROUP BY 1 ORDER BY n DESC, CAST(${column} AS VARCHAR) LIMIT 4`)
      ).rows.map(([value, count]) => ({ value, count: Number(count) }));
    const shortened = (await plain("a")).map(({ value, count }) => ({
      value: typeof value === "string" && value.length > 200 ? `${value.slice(0, 200)}…` : value,
      count,
    }));
    expect(a?.profile.top).toEqual(shortened);
    expect(many?.profile.top).toEqual(await plain("many"));
    expect(many?.profile.distinct).toEqual({ count: 3000, exactness: "exact" });
    expect(many?.profile.histogram?.map(({ count }) => count)).toEqual([4000, 4000, 4000]);
    const [{ n, distinct } = {}] = (
      await connection.runAndReadAll("SELECT count(a) AS n, count(DISTINCT a) AS distinct FROM dataset")
    ).getRowObjects();
    expect(a?.profile.distinct).toEqual({ count: Number(distinct), exactness: "exact" });
    const binned = a?.profile.histogram?.reduce((sum, { count }) => sum + count, 0);
    if (binned !== undefined && type !== "DOUBLE") expect(binned).toBe(Number(n));
  },
);

test("where all columns have few values nothing is hashed, and where all have many nothing is listed", async () => {
  const { connection, ask } = await connect();
  await connection.run(
    "CREATE TABLE dataset AS SELECT i % 4 AS few, ('x' || i % 2000) AS many FROM range(8000) AS t(i)",
  );
  for (const [name, type, part] of [
    ["few", "BIGINT", "GROUPING SETS"],
    ["many", "VARCHAR", "lists"],
  ] as const) {
    const plans = planExact([{ name, type }]);
    const statements = statisticsSql(plans, "dataset", { hasRange: true, hasWild: false });
    const { statistics } = readStatistics(await ask(statements), plans);
    const groupings = groupingsOf(statistics, wish);
    const sql = distributionSql(groupings, dataset, wish);
    expect(sql).not.toContain(part);
    applyDistribution(await ask(sql), groupings, wish, true);
    expect(statistics[0]?.profile.top).toHaveLength(4);
  }
});

test("text is parsed once where there is memory to hash all, a sample is drawn once, and all is counted alike", async () => {
  const { connection, ask } = await connect();
  await connection.run(
    "CREATE TABLE dataset AS SELECT i % 4 AS few, i % 2000 AS many, i // 5000 AS wide FROM range(8000) AS t(i)",
  );
  const plans = planExact(["few", "many", "wide"].map((name) => ({ name, type: "BIGINT" })));
  const profiles = [];
  for (const [look, memoryMib, scans] of [
    ["parses", 256, 1],
    ["parses", 24, 2],
    ["draws", 256, 1],
    ["cheap", 256, 2],
  ] as const) {
    const statements = statisticsSql(plans, "dataset", { hasRange: true, hasWild: false });
    const { statistics } = readStatistics(await ask(statements), plans);
    const [groupings = [], ...more] = passesOf(groupingsOf(statistics, wish), look, memoryMib << 20);
    expect(more).toEqual([]);
    const sql = distributionSql(groupings, { from: "dataset", look }, wish);
    expect(sql.match(/FROM dataset/g)).toHaveLength(scans);
    applyDistribution(await ask(sql), groupings, wish, true);
    profiles.push(statistics.map(({ profile }) => profile));
  }
  for (const profile of profiles) expect(profile).toEqual(profiles[0]);
  expect(profiles[0]?.map(({ top, histogram }) => [top?.length, histogram?.length])).toEqual([
    [4, 3],
    [4, 3],
    [2, 3],
  ]);
});

test("the mean of a wide decimal is as near as a double can be, however many rows there are", async () => {
  const { connection, ask } = await connect();
  await connection.run(
    "CREATE TABLE dataset AS SELECT 12345678901234567.89::DECIMAL(19,2) AS a FROM range(500000)",
  );
  const plans = planExact([{ name: "a", type: "DECIMAL(19,2)" }]);
  const page = await ask(statisticsSql(plans, "dataset", { hasRange: false, hasWild: false }));
  const { statistics } = readStatistics(page, plans);
  expect(statistics[0]?.profile.mean).toBe(12_345_678_901_234_568);
});
