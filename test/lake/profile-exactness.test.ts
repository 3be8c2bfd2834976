import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestLake, type TestLake } from "../harness/lake.ts";
import { parquetOf } from "../harness/parquet.ts";

let lake: TestLake;

beforeAll(async () => {
  lake = await startTestLake();
});
afterAll(() => lake.stop());

/** Columns of every kind, few values and many, with all that is no plain value; `i` counts the rows from 0. */
const columns = {
  id: "i",
  thousand: "CASE WHEN i % 7 = 0 THEN NULL ELSE i % 1000 END::INTEGER",
  huge: "i::HUGEINT * 170141183460469231731",
  price: "((i * 7919) % 900001 / 4)::DECIMAL(15,2)",
  wide: "CASE WHEN i % 3 = 0 THEN NULL ELSE i END::DECIMAL(38,10)",
  ratio:
    "CASE i % 11 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN 'inf'::DOUBLE WHEN 2 THEN '-inf'::DOUBLE WHEN 3 THEN NULL WHEN 4 THEN -0.0 WHEN 5 THEN 1e200 ELSE i / 8 END",
  half: "(CASE WHEN i % 5 = 0 THEN 'nan' ELSE (i % 40)::VARCHAR END)::FLOAT",
  word: "CASE i % 6 WHEN 0 THEN '' WHEN 1 THEN NULL WHEN 2 THEN 'Ä' WHEN 3 THEN '😀' WHEN 4 THEN ' ' ELSE repeat('z', 300) END",
  note: "CASE WHEN i % 4 = 0 THEN NULL ELSE 'note ' || i END",
  key: "('00000000-0000-0000-0000-' || lpad((i % 900000)::VARCHAR, 12, '0'))::UUID",
  day: "CASE WHEN i % 9 = 0 THEN NULL ELSE DATE '1969-12-01' + (i % 2500)::INTEGER END",
  at: "TIMESTAMP '2024-02-29 23:59:59.999999' + INTERVAL (i) SECOND",
  zoned: "TIMESTAMPTZ '2024-02-29 23:59:59+00' + INTERVAL (i // 1000) HOUR",
  time: "TIME '00:00:00' + INTERVAL (i % 86400) SECOND",
  flag: "CASE WHEN i % 10 = 0 THEN NULL ELSE i % 3 = 0 END",
  nothing: "NULL::INTEGER",
  list: "CASE WHEN i % 2 = 0 THEN [i] END",
  'a "quoted" name': "i % 5",
};
const sql = `SELECT ${Object.entries(columns)
  .map(([name, value]) => `${value} AS "${name.replaceAll('"', '""')}"`)
  .join(", ")} FROM range(ROWS) t(i)`;
const isNested = (name: string) => name === "list";
const isNumber = (type: string) => /INT|DECIMAL|DOUBLE|FLOAT/.test(type);

/** What the engine says of each column when it is asked the plainest way. */
async function plainly(uri: string, types: ReadonlyMap<string, string>) {
  const names = Object.keys(columns).filter((name) => !isNested(name));
  const asked = names.flatMap((name, at) => {
    const column = `"${name.replaceAll('"', '""')}"`;
    const number = isNumber(types.get(name) ?? "");
    const isFloat = /DOUBLE|FLOAT/.test(types.get(name) ?? "");
    const finite = isFloat ? `FILTER (WHERE isfinite(${column}))` : "";
    const squarable = isFloat ? `FILTER (WHERE abs(${column}) < 1e150)` : "";
    return [
      `count(*) - count(${column}) AS nulls${at}`,
      `count(DISTINCT ${column}) AS distinct${at}`,
      `min(${column}) AS min${at}`,
      `max(${column}) AS max${at}`,
      `${number ? `avg(${column}) ${finite}` : "NULL"} AS mean${at}`,
      `${number ? `stddev_samp(${column}::DOUBLE) ${squarable}` : "NULL"} AS stddev${at}`,
    ];
  });
  const { rows } = await lake.output("lake_query", { sql: `SELECT ${asked.join(", ")} FROM '${uri}'` });
  return new Map(
    names.map((name, at) => {
      const [nulls, distinct, min, max, mean, stddev] = rows[0].slice(at * 6, at * 6 + 6);
      return [name, { nulls, distinct, min, max, mean, stddev }] as const;
    }),
  );
}

const shown = (value: unknown) =>
  typeof value === "string" && value.length > 200 ? `${value.slice(0, 200)}…` : value;

describe("A whole profile says what plain SQL says", () => {
  test.each([0, 1, 2_000, 150_000, 1_200_000])(
    "of %i rows",
    async (rowCount) => {
      const uri = await lake.put(
        `made-${rowCount}.parquet`,
        await parquetOf(sql.replace("ROWS", String(rowCount)), "ROW_GROUP_SIZE 20480"),
      );
      const profile = await lake.output("lake_profile_dataset", { uri, mode: "whole" });
      expect(profile).toMatchObject({ rowCount, profiledRows: rowCount, mode: "whole" });
      expect(profile.columns.map(({ name }: { name: string }) => name)).toEqual(Object.keys(columns));
      const types = new Map<string, string>(
        profile.columns.map(({ name, type }: { name: string; type: string }) => [name, type]),
      );
      const plain = await plainly(uri, types);
      for (const { name, nulls, distinct, min, max, mean, stddev } of profile.columns) {
        const expected = plain.get(name);
        if (!expected) continue;
        const known = (value: unknown) => (value === null ? undefined : value);
        expect({ name, nulls, min, max, mean }).toEqual({
          name,
          nulls: expected.nulls,
          min: known(shown(expected.min)),
          max: known(shown(expected.max)),
          mean: known(expected.mean),
        });
        if (typeof expected.stddev === "number") {
          expect(Math.abs(stddev - expected.stddev), name).toBeLessThanOrEqual(1e-9 * expected.stddev);
        }
        const offBy = Math.abs(distinct.count - expected.distinct) / Math.max(1, expected.distinct);
        expect(offBy, `distinct values of ${name}, ${distinct.exactness}`).toBeLessThanOrEqual(
          distinct.exactness === "exact" ? 0 : 0.2,
        );
      }
    },
    120_000,
  );

  test("and counts few values of many rows exactly, many by their hashes", async () => {
    const profile = await lake.output("lake_profile_dataset", {
      uri: "s3://lake/made-1200000.parquet",
      mode: "whole",
      columns: ["thousand", "word", "day", "id", "note", "nothing"],
      topValues: 0,
      histogramBins: 0,
    });
    const [thousand, word, day, id, note, nothing] = profile.columns;
    expect(thousand.distinct).toEqual({ count: 1_000, exactness: "exact" });
    expect(word.distinct).toEqual({ count: 5, exactness: "exact" });
    expect(day.distinct).toEqual({ count: 2_500, exactness: "exact" });
    expect(nothing.distinct).toEqual({ count: 0, exactness: "exact" });
    for (const [{ distinct }, there] of [
      [id, 1_200_000],
      [note, 900_000],
    ]) {
      expect(distinct.exactness).toBe("estimated");
      expect(Math.abs(distinct.count - there) / there).toBeLessThan(0.03);
    }
  });
});

test("A sample unlike the rest of its table is looked at again, in bounded memory", async () => {
  const { query } = lake.settings;
  const small = await startTestLake({
    settings: { query: { ...query, threads: 1, memoryBytes: 64e6, tempBytes: 1e6 } },
  });
  // The middle of each tenth of the row groups, which is what a sample takes.
  const sampled = [2, 8, 14, 20, 26, 32, 38, 44, 50, 56].join(", ");
  const isSampled = `i // 20480 IN (${sampled})`;
  const text = `CASE WHEN ${isSampled} THEN 'same' ELSE lpad(i::VARCHAR, 120, 'x') END`;
  const number = `CASE WHEN ${isSampled} THEN -1 ELSE i END`;
  try {
    const uri = await small.put(
      "unlike.parquet",
      await parquetOf(
        `SELECT ${text} AS text, ${number} AS number, i % 3 AS few FROM range(1200000) t(i)`,
        "ROW_GROUP_SIZE 20480",
      ),
    );
    const { columns } = await small.output("lake_profile_dataset", { uri, mode: "whole", topValues: 0 });
    expect(columns[0]).toMatchObject({
      nulls: 0,
      distinct: { exactness: "estimated" },
      max: `${"x".repeat(119)}9`,
    });
    expect(columns[0].distinct.count).toBeGreaterThan(800_000);
    expect(columns[1]).toMatchObject({ min: -1, max: 1_199_999 });
    expect(columns[1].distinct.count).toBeGreaterThan(800_000);
    expect(columns[2]).toMatchObject({ min: 0, max: 2, distinct: { count: 3 } });
  } finally {
    await small.stop();
  }
}, 120_000);

test.each(["whole", "sample"])(
  "A %s profile fits into the least memory there can be",
  async (mode) => {
    const { query } = lake.settings;
    const small = await startTestLake({
      settings: { query: { ...query, threads: 2, memoryBytes: 32 * 2 ** 20 } },
    });
    const values = ["i", "i % 7", "'t' || i % 5003", "(i * 31 % 100003)::DECIMAL(30,2)", "i / 3", "'u' || i"];
    const names = values.flatMap((value, at) => [`${value} AS a${at}`, `${value} AS b${at}`]);
    try {
      const uri = await small.put(
        "narrow.parquet",
        await parquetOf(`SELECT ${names.join(", ")} FROM range(1100000) t(i)`),
      );
      const { columns } = await small.output("lake_profile_dataset", { uri, mode });
      expect(columns).toHaveLength(names.length);
      expect(columns[2]).toMatchObject({ nulls: 0, distinct: { count: 7 }, min: 0, max: 6 });
    } finally {
      await small.stop();
    }
  },
  120_000,
);

describe("Doubles that fail a mean or a deviation leave those of the others", () => {
  test.each([
    ["no number", "'nan'::DOUBLE", 2],
    ["an infinity", "'-inf'::DOUBLE", 2],
    ["a double whose square is none", "1e200", 2.5e199],
  ])("%s", async (name, odd, mean) => {
    const uri = await lake.put(
      `${name.replaceAll(" ", "-")}.parquet`,
      await parquetOf(`SELECT unnest([1, 2, 3, ${odd}]) AS x, 1.5::DOUBLE AS plain`),
    );
    const { columns } = await lake.output("lake_profile_dataset", { uri, mode: "whole" });
    expect(columns).toMatchObject([
      { name: "x", nulls: 0 },
      { name: "plain", mean: 1.5, stddev: 0 },
    ]);
    expect(columns[0].stddev).toBeCloseTo(1);
    expect(columns[0].mean / mean).toBeCloseTo(1);
  });
});

test("Days past the last that can be shown have no histogram, and everything else", async () => {
  const far = "DATE '5877642-01-01'";
  const uri = await lake.put(
    "far.parquet",
    await parquetOf(
      `SELECT unnest([${far}, DATE '2020-01-01']) AS far, unnest([DATE '2019-01-01', DATE '2020-01-01']) AS near`,
    ),
  );
  const { columns } = await lake.output("lake_profile_dataset", { uri });
  expect(columns).toMatchObject([
    { name: "far", min: "2020-01-01", max: "5877642-01-01", distinct: { count: 2 } },
    { name: "near", min: "2019-01-01", histogram: expect.any(Array) },
  ]);
  expect(columns[0]).not.toHaveProperty("histogram");
});

test("A mean whose sum passes the range of doubles is left out, and never told as infinite", async () => {
  const uri = await lake.put(
    "sums.parquet",
    await parquetOf("SELECT unnest([1.7e308, 1.7e308, 1e308]) AS x"),
  );
  const { columns } = await lake.output("lake_profile_dataset", { uri });
  expect(columns).toMatchObject([{ name: "x", max: 1.7e308, distinct: { count: 2 } }]);
  expect(columns[0]).not.toHaveProperty("mean");
});
