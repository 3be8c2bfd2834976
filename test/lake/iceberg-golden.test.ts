import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  icebergFixtures,
  icebergGoldens,
  icebergVerdict,
  openIcebergGoldens,
} from "../harness/iceberg-golden.ts";
import type { TestLake } from "../harness/lake.ts";

let lake: TestLake;
let page: string;
beforeAll(async () => {
  lake = await openIcebergGoldens();
  page = await readFile(join(import.meta.dirname, "../../docs/iceberg.md"), "utf8");
});
afterAll(() => lake.stop());

const rowsOf = async (sql: string, table: string, moment = {}) =>
  (
    await lake.output("lake_query", {
      sql,
      sources: { t: { uri: join(icebergFixtures, table), ...moment } },
    })
  ).rows;

test.each(icebergGoldens())("$name is read as docs/iceberg.md says", async (table) => {
  expect(page).toContain(`| ${table.name} | ${await icebergVerdict(lake, table)} |`);
});

describe("Rows are those the tables' own tests have", () => {
  test.each([
    [
      "icebird/athena/example",
      [
        [1, "Alice"],
        [2, "Bob"],
      ],
    ],
    [
      "duckdb-iceberg/case_sensitive_names",
      [
        [1, "user_1"],
        [2, "user_2"],
        [3, "user_3"],
      ],
    ],
    [
      "duckdb-iceberg/legacy_v1",
      [
        [1, "alpha", 10],
        [2, "beta", 20],
        [3, "alpha", null],
      ],
    ],
    [
      "duckdb-iceberg/expression_filter",
      [
        [1, "foo"],
        [2, "bar"],
        [3, "baz"],
      ],
    ],
    [
      "duckdb-iceberg/merch_v1/metadata/00003-8d01e4aa-d143-49c9-898e-b5e477577b70.metadata.json",
      [
        [2, "nba", 20],
        [3, "mlb", 30],
        [4, "nhl", 40],
        [6, "nba", 60],
      ],
    ],
    [
      "icebird/spark/rename_column",
      [
        [1, "Flopsy 🐇", "2022-01-01", "9.99", true],
        [2, "Mopsy–Naïve", "2022-01-01", "-5.00", false],
        [3, "Cottontail", null, "0.00", true],
        [4, "Thumper", "2022-01-02", "99999999.99", false],
      ],
    ],
  ])("%s", async (table, rows) => {
    expect(await rowsOf("SELECT * FROM t ORDER BY 1", table)).toEqual(rows);
  });

  test("a renamed column has its old name in the metadata before", async () => {
    const { columns } = await lake.output("lake_query", {
      sql: "SELECT * FROM t",
      sources: { t: join(icebergFixtures, "icebird/spark/rename_column/metadata/v2.metadata.json") },
    });
    expect(columns.map(({ name }: { name: string }) => name)).toEqual([
      "id",
      "name",
      "date",
      "price",
      "active",
    ]);
  });

  test("rows that positional deletes name are none, and the others are all there", async () => {
    const java = "icebird/java/bunnies/metadata/v4.metadata.json";
    expect(await rowsOf("SELECT count(*), count(__happy__) FROM t", java)).toEqual([[15, 0]]);
    const third = `SELECT "Breed Name", "Popularity Rank" FROM t LIMIT 1 OFFSET 2`;
    expect(await rowsOf(third, java)).toEqual([["American Fuzzy Lop", 8]]);
    const spark = "icebird/spark/bunnies/metadata/v3.metadata.json";
    expect(await rowsOf("SELECT count(*) FROM t", spark)).toEqual([[20]]);
    expect(await rowsOf(`SELECT "Breed Name" FROM t LIMIT 1`, spark)).toEqual([["Netherland Dwarf"]]);
    expect(await rowsOf(`SELECT count(*) FROM t WHERE "Breed Name" = 'Holland Lop'`, spark)).toEqual([[0]]);
  });

  test("snapshots are found by their ids, which are past 2⁵³, and by time", async () => {
    const spark = "icebird/spark/bunnies";
    const facts = await lake.output("lake_get_metadata", { uri: `${join(icebergFixtures, spark)}/` });
    expect(facts).toMatchObject({ format: "iceberg", fileCount: 1, rows: { count: 20, exactness: "exact" } });
    const { history } = facts.iceberg;
    expect(history.map(({ snapshot }: { snapshot: string }) => snapshot)).toContain("469881615898633426");
    const counts = [];
    for (const { snapshot, timestamp } of history) {
      const byId = await rowsOf("SELECT count(*) FROM t", spark, { snapshot });
      expect(await rowsOf("SELECT count(*) FROM t", spark, { timestamp })).toEqual(byId);
      counts.push(byId[0][0]);
    }
    expect(counts).toEqual([20, 20, 21]);
  });
});
