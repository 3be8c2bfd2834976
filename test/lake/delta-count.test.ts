import { afterAll, beforeAll, expect, test } from "vitest";
import { deltaTablesOf, inlineVector } from "../harness/delta-table.ts";
import { startTestLake } from "../harness/lake.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3 } = deltaTablesOf(lake);

const fields = [
  { name: "id", type: "long" },
  { name: "day", type: "date" },
];

beforeAll(async () => {
  const counted = onS3("counted");
  await counted.create({ fields, partitionColumns: ["day"], readerFeatures: ["deletionVectors"] }, [
    await counted.file("a.parquet", "SELECT range AS id FROM range(10)", {
      partitionValues: { day: "2024-01-01" },
      stats: '{"numRecords":10}',
      deletionVector: inlineVector([2, 3, 5]),
    }),
    await counted.file("b.parquet", "SELECT range AS id FROM range(20)", {
      partitionValues: { day: "2024-01-02" },
      stats: '{"numRecords":20,"tightBounds":false}',
    }),
    await counted.file("c.parquet", "SELECT range AS id FROM range(4)", {
      partitionValues: { day: null },
      stats: '{"numRecords":4}',
    }),
  ]);
  const partly = onS3("partly");
  await partly.create({ fields: fields.slice(0, 1), readerFeatures: ["deletionVectors"] }, [
    await partly.file("a.parquet", "SELECT range AS id FROM range(10)", { stats: '{"numRecords":10}' }),
    await partly.file("b.parquet", "SELECT range AS id FROM range(5)", {
      deletionVector: inlineVector([4]),
    }),
  ]);
  const wrong = onS3("wrong");
  await wrong.create({ fields: fields.slice(0, 1), readerFeatures: ["deletionVectors"] }, [
    await wrong.file("a.parquet", "SELECT range AS id FROM range(3)", {
      stats: '{"numRecords":1}',
      deletionVector: inlineVector([0, 2]),
    }),
  ]);
});

/** The count, and which of the table's files are asked for. */
async function count(sql: string) {
  const before = lake.server.requests.length;
  const { rows, columns } = await lake.output("lake_query", { sql });
  const urls = lake.server.requests.slice(before).map(({ url }) => url);
  const files = urls.flatMap((url) => /\/([a-z])\.parquet/.exec(url)?.[1] ?? []);
  return { rows, columns, files: [...new Set(files)] };
}

test.each([
  ["", 31],
  ["AS t WHERE t.day = DATE '2024-01-02'", 20],
  ["WHERE day > '2024-01-01' OR day IS NULL", 24],
  ["WHERE year(day) = 2024 AND day <> '2024-01-02'", 7],
  ["WHERE day > '2025-01-01'", 0],
])("SELECT count(*) FROM t %s: by the log alone", async (rest, expected) => {
  const { rows, columns, files } = await count(`SELECT count(*) AS n FROM 's3://lake/counted/' ${rest}`);
  expect(columns).toEqual([{ name: "n", type: "BIGINT" }]);
  expect(rows).toEqual([[expected]]);
  expect(files).toEqual([]);
});

test.each([
  ["SELECT count(*) FROM 's3://lake/counted/' WHERE id < 3 AND day = '2024-01-01'", 2],
  ["SELECT count(*) FROM 's3://lake/counted/' WHERE day = '2024-01-02' OR id = 0", 22],
  ["SELECT count(id) FROM 's3://lake/counted/'", 31],
  ["SELECT count(*) FROM 's3://lake/counted/' WHERE day = '2024-01-02' LIMIT 1", 20],
])("%s: by the rows", async (sql, expected) => {
  expect(await count(sql)).toMatchObject({ rows: [[expected]] });
});

test("files the log says no number of are counted by their footers, and no others", async () => {
  const { rows, files } = await count("SELECT count(*) FROM 's3://lake/partly/'");
  expect(rows).toEqual([[14]]);
  expect(files).toEqual(["b"]);
});

test("a number that cannot be is not believed", async () => {
  expect(await count("SELECT count(*) FROM 's3://lake/wrong/'")).toMatchObject({ rows: [[1]] });
});
