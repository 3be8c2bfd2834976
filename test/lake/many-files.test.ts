import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { localPrincipal } from "../../src/core/principal.ts";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

const files = 40;
const sumSql =
  "SELECT part, count(*) AS n, sum(id) AS ids FROM 's3://lake/many/' GROUP BY part ORDER BY part";
let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake({ maxRows: 1_000 });
  for (let at = 0; at < files; at++) await lake.put(keyOf(at), await fileOf(at));
});
afterAll(() => lake.stop());

function keyOf(at: number): string {
  return `many/part=${at % 4}/${String(at).padStart(3, "0")}.parquet`;
}

function fileOf(at: number): Promise<Uint8Array> {
  return parquetOf(`SELECT ${at} * 10 + i AS id, 'file ${at}' AS name FROM range(10) t(i)`);
}

const rowsBefore = [0, 1, 2, 3].map((part) => {
  const own = Array.from({ length: files }, (_, at) => at).filter((at) => at % 4 === part);
  return [String(part), own.length * 10, own.reduce((sum, at) => sum + at * 100 + 45, 0)];
});

/** The rows, and how many objects were read for them. */
async function ask(sql: string) {
  const before = lake.server.requests.length;
  const { rows } = await lake.output("lake_query", { sql });
  const gets = lake.server.requests
    .slice(before)
    .filter(({ method, url }) => method === "GET" && !url.includes("list-type"));
  return {
    rows: rows.map((row: unknown[]) => row.map((value, at) => (at === 0 ? String(value) : Number(value)))),
    gets,
  };
}

test("each small file is fetched by one request, and none when asked again", async () => {
  const first = await ask(sumSql);
  expect(first.rows).toEqual(rowsBefore);
  expect(first.gets).toHaveLength(files);
  expect(
    first.gets.every(({ headers }) => headers.range === undefined && headers["if-match"] !== undefined),
  ).toBe(true);
  const again = await ask(sumSql);
  expect(again.rows).toEqual(rowsBefore);
  expect(again.gets).toEqual([]);
  const other = await ask("SELECT part, max(name) FROM 's3://lake/many/' WHERE part = '3' GROUP BY 1");
  expect(other.gets).toEqual([]);
});

test("many questions at once over a table that is kept open", async () => {
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask(sumSql)));
  for (const { rows } of answers) expect(rows).toEqual(rowsBefore);
});

test("a file that is replaced, added or removed is seen by the next question", async () => {
  await lake.put(keyOf(0), await parquetOf("SELECT 7 AS id, 'new' AS name"));
  const replaced = await ask(sumSql);
  expect(replaced.rows[0]).toEqual(["0", 91, Number(rowsBefore[0]?.[2]) - 45 + 7]);
  expect(replaced.gets).toHaveLength(1);
  await lake.put("many/part=0/more.parquet", await parquetOf("SELECT 1 AS id, 'more' AS name"));
  expect((await ask(sumSql)).rows[0]).toEqual(["0", 92, Number(rowsBefore[0]?.[2]) - 45 + 8]);
  await lake.put(keyOf(0), await fileOf(0));
  await lake.server.remove("lake", "many/part=0/more.parquet");
  expect((await ask(sumSql)).rows).toEqual(rowsBefore);
});

test("files of other columns and types than the first are read by name", async () => {
  for (let at = 0; at < files; at++) await lake.put(`mixed/${at}.parquet`, await fileOf(at));
  await lake.put(
    "mixed/900.parquet",
    await parquetOf("SELECT 'x' AS added, 5000000000 AS id, 'wide' AS name"),
  );
  await lake.put("mixed/901.parquet", await parquetOf("SELECT 'late' AS name, 1.5::DOUBLE AS id"));
  const { rows } = await lake.output("lake_query", {
    sql: "SELECT count(*), count(added), max(id), min(name) FROM 's3://lake/mixed/'",
  });
  expect(rows).toEqual([[402, 1, 5000000000, "file 0"]]);
});

test("another tenant does not get what is kept open", async () => {
  await ask(sumSql);
  const before = lake.server.requests.length;
  const stranger = { ...localPrincipal, id: "stranger", tenantId: "other" };
  const result = await lake.call("lake_query", { sql: sumSql }, stranger);
  expect(result.kind).toBe("completed");
  const gets = lake.server.requests
    .slice(before)
    .filter(({ method, url }) => method === "GET" && !url.includes("list-type"));
  expect(gets).toHaveLength(files);
});

test("what is kept open gives way where the cache needs the room", async () => {
  const small = await startTestLake();
  const tight = await startTestLake({
    settings: { cache: { dir: join(small.settings.cache.dir, "tight"), maxBytes: 200_000 } },
  });
  try {
    for (let at = 0; at < files; at++) await tight.put(keyOf(at), await fileOf(at));
    await tight.output("lake_query", { sql: sumSql });
    const whole = await parquetOf("SELECT hash(i) AS h FROM range(22000) t(i)");
    expect(whole.length).toBeGreaterThan(170_000);
    expect(whole.length).toBeLessThan(200_000);
    await tight.put("large.parquet", whole);
    const { rows } = await tight.output("lake_query", {
      sql: "SELECT count(DISTINCT h) FROM 's3://lake/large.parquet'",
    });
    expect(rows).toEqual([[22_000]]);
  } finally {
    await tight.stop();
    await small.stop();
  }
});

test("nothing is left of it when the lake is closed", async () => {
  const own = await startTestLake();
  for (let at = 0; at < files; at++) await own.put(keyOf(at), await fileOf(at));
  await own.output("lake_query", { sql: sumSql });
  await own.lake.close();
  expect(await readdir(join(own.settings.cache.dir, "queries"))).toEqual([]);
  expect(await readdir(join(own.settings.cache.dir, "v1", "instances"))).toEqual([]);
  await own.stop();
});
