import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

/** By folder: text in one, whole numbers in the others. */
const values = { 1: ["'x'"], 2: ["1", "9"], 3: ["10"] };

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
  for (const [year, of] of Object.entries(values)) {
    const csv = `id,v\n${of.map((value, at) => `${year}${at},${value.replaceAll("'", "")}\n`).join("")}`;
    const rows = of.map((value, at) => `SELECT ${year}${at} AS id, ${value} AS v`).join(" UNION ALL ");
    await put(`csv/y=${year}/a.csv`, csv);
    await put(
      `json/y=${year}/a.ndjson`,
      of.map((value, at) => `{"id":${year}${at},"v":${value.replaceAll("'", '"')}}\n`).join(""),
    );
    await put(`parquet/y=${year}/a.parquet`, await parquetOf(rows));
  }
});
afterAll(() => lake.stop());

async function put(key: string, body: string | Buffer) {
  await lake.put(key, body);
  await mkdir(dirname(join(lake.root, key)), { recursive: true });
  await writeFile(join(lake.root, key), body);
}

const places = ["csv", "parquet"].flatMap((form) => [
  [`${form} on S3`, () => `s3://lake/${form}/`] as const,
  [`${form} on local disk`, () => `${join(lake.root, form)}/`] as const,
]);

describe.each(places)("Of folders one of which has text in a column: %s", (_title, place) => {
  test.each([
    ["a text no number has is found nowhere", "SELECT id FROM t WHERE v = 'x' AND y = 2", []],
    ["the same in a list", "SELECT id FROM t WHERE v IN ('x', '9') AND y = 2", [[21]]],
    ["a text with a zero in front is no number", "SELECT id FROM t WHERE v = '01' AND y = 2", []],
    ["texts are compared as such", "SELECT id FROM t WHERE v > '5' AND y >= 2", [[21]]],
    ["a pattern is one of text", "SELECT id FROM t WHERE v LIKE '1%' AND y >= 2 ORDER BY id", [[20], [30]]],
    ["functions of text take it", "SELECT upper(v) FROM t WHERE y = 3", [["10"]]],
    ["the greatest is that of texts", "SELECT max(v) FROM t WHERE y >= 2", [["9"]]],
    ["order is that of texts", "SELECT id FROM t WHERE y >= 2 ORDER BY v", [[20], [30], [21]]],
    ["order by place too", "SELECT v FROM t WHERE y >= 2 ORDER BY 1 DESC", [["9"], ["10"], ["1"]]],
    [
      "through other names too",
      "WITH c AS (SELECT v AS w FROM t WHERE y = 2) SELECT w FROM c WHERE w = '01'",
      [],
    ],
  ])("%s", async (_title, sql, rows) => {
    const named = (sql: string) => lake.output("lake_query", { sql, sources: { t: { uri: place() } } });
    const pruned = await named(sql);
    expect(pruned.rows).toEqual(rows);
    // The same where nothing is left out.
    expect((await named(sql.replace("y ", "y + 0 "))).rows).toEqual(rows);
  });

  test("rows are read alike with a filter", async () => {
    const read = await lake.output("lake_read_rows", { uri: place(), filter: "v = '01' AND y = 2" });
    expect(read.rows).toEqual([]);
  });
});

// A column of JSON that mixes kinds compares as the engine's type JSON does.
test.each([
  ["SELECT id FROM t WHERE v = '01' AND y = 2", [[20]]],
  ["SELECT max(v) FROM t WHERE y >= 2", [[9]]],
  ["SELECT typeof(v) FROM t WHERE y = 3", [["JSON"]]],
])("JSON is of the type it has in all files: %s", async (sql, rows) => {
  const named = (sql: string) =>
    lake.output("lake_query", { sql, sources: { t: { uri: "s3://lake/json/" } } });
  expect((await named(sql)).rows).toEqual(rows);
  expect((await named(sql.replace("y ", "y + 0 "))).rows).toEqual(rows);
});

/** What a statement answers, and how many objects are read for it. */
async function keysRead(sql: string) {
  const before = lake.server.requests.length;
  const { rows, notes = [] } = await lake.output("lake_query", { sql });
  const gets = lake.server.requests
    .slice(before)
    .filter(({ method, url }) => method === "GET" && !url.includes("list-type"));
  return {
    rows,
    notes: notes.join("\n"),
    keys: new Set(gets.map(({ url }) => url.replace(/\?.*/, ""))).size,
  };
}

describe("Of 100 files", () => {
  beforeAll(async () => {
    const number = await parquetOf("SELECT 9 AS v, 'de' AS country");
    const text = await parquetOf("SELECT 'x' AS v, 'de' AS country");
    for (let day = 0; day < 100; day++) {
      await lake.put(`many/day=${day}/a.parquet`, day === 99 ? text : number);
      await lake.put(`manycsv/day=${day}/a.csv`, `v,country\n${day === 99 ? "x" : 9},de\n`);
    }
  });

  test.each([
    ["a sum", "SELECT sum(v) FROM 's3://lake/many/' WHERE day = 1 AND v > 5", [[9]]],
    ["a column of text", "SELECT count(*) FROM 's3://lake/many/' WHERE day = 2 AND country = 'de'", [[1]]],
    ["a folder's value", "SELECT min(day) FROM 's3://lake/many/' WHERE day = 3", [[3]]],
  ])("only those left are read for %s", async (_title, sql, rows) => {
    const read = await keysRead(sql);
    expect(read).toMatchObject({ rows, keys: 1 });
    expect(read.notes).not.toContain("by text");
  });

  test.each(["many", "manycsv"])("a note says what their number leaves open: %s", async (folder) => {
    const read = await keysRead(`SELECT max(v) FROM 's3://lake/${folder}/' WHERE day = 4`);
    expect(read).toMatchObject({ rows: [[9]], keys: 1 });
    expect(read.notes).toContain("Where one left out has text in a column");
  });

  test("Parquet is read by the types of all where it cannot be by those of some", async () => {
    const read = await keysRead("SELECT v FROM 's3://lake/many/' WHERE day = 5 AND v LIKE '9%'");
    expect(read.rows).toEqual([["9"]]);
    // Which are known from then on, and cost nothing.
    const later = await keysRead("SELECT max(v) FROM 's3://lake/many/' WHERE day IN (6, 7)");
    expect(later.rows).toEqual([["9"]]);
    expect(later.notes).not.toContain("by text");
  });
});

test("a file left out that does not go with the others is in nobody's way", async () => {
  await lake.put("uneven/y=1/a.csv", "other\nx\n");
  await lake.put("uneven/y=2/a.csv", "id,v\n1,9\n");
  await lake.put("damaged/y=1/a.parquet", "PAR1 this is no Parquet at all PAR1");
  await lake.put("damaged/y=2/a.parquet", await parquetOf("SELECT 9 AS v"));
  const csv = await lake.output("lake_query", { sql: "SELECT max(v) FROM 's3://lake/uneven/' WHERE y = 2" });
  expect(csv.rows).toEqual([[9]]);
  expect(csv.notes.join()).toContain("Where one left out has text");
  const parquet = await lake.output("lake_query", {
    sql: "SELECT max(v) FROM 's3://lake/damaged/' WHERE y = 2",
  });
  expect(parquet.rows).toEqual([[9]]);
  expect(parquet.notes.join()).toContain("Where one left out has text");
});
