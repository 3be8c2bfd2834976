import { afterAll, describe, expect, test } from "vitest";
import { deltaTablesOf, inlineVector } from "../harness/delta-table.ts";
import { startTestLake } from "../harness/lake.ts";

const lake = await startTestLake();
afterAll(() => lake.stop());
const { onS3, rowsOf } = deltaTablesOf(lake);

describe("A row is not lost by statistics", () => {
  const big = "9007199254740993";
  const cut = "m".repeat(32);
  test.each([
    ["NaN, which is greater than the greatest number", "double", "'NaN'::DOUBLE", "1.5", "v > 100"],
    ["NaN that is asked for", "double", "'NaN'::DOUBLE", "1.5", "v = 'nan'"],
    [
      "a number of single precision, as short as it is told",
      "double",
      "0.1::FLOAT",
      "0.1",
      "v = 0.10000000149011612e0",
    ],
    ["an integer past what JSON's numbers hold here", "long", big, big, `v = '${big}'`],
    ["an integer compared as a number with a point", "long", big, big, "v IN ('9007199254740992', 1e0)"],
    [
      "the greatest integer",
      "long",
      "9223372036854775807",
      "9223372036854775807",
      "v >= 9223372036854775807",
    ],
    [
      "a decimal of many digits",
      "decimal(38,18)",
      "'12345678901234567890.123456789012345678'::DECIMAL(38,18)",
      "12345678901234567890.123456789012345678",
      "v = '12345678901234567890.123456789012345678'",
    ],
    ...(
      [
        ["a decimal that rounds to a whole number below it", "1.000000000000000001", "v > 1"],
        [
          "a decimal that is asked for by all its digits",
          "1.000000000000000001",
          "v = '1.000000000000000001'",
        ],
        ["a decimal that rounds to a whole number above it", "0.999999999999999999", "v < 1"],
        ["a decimal that rounds past whole numbers", "9007199254740990.9", "v < 9007199254740991"],
        ["a decimal of nothing but its last digit", "0.000000000000000001", "v > 0"],
      ] as const
    ).map(
      ([what, value, where]) => [what, "decimal(38,18)", `'${value}'::DECIMAL(38,18)`, value, where] as const,
    ),
    [
      "a time between milliseconds",
      "timestamp_ntz",
      "TIMESTAMP '2024-01-01 00:00:00.123456'",
      '"2024-01-01T00:00:00.123"',
      "v > TIMESTAMP '2024-01-01 00:00:00.123400'",
    ],
    [
      "a time of another zone",
      "timestamp",
      "TIMESTAMPTZ '2024-01-01 08:00:00+00'",
      '"2024-01-01T00:00:00.000-08:00"',
      "v = TIMESTAMPTZ '2024-01-01 09:00:00+01'",
    ],
    ["a day before calendars agree", "date", "DATE '1500-01-11'", '"1500-01-01"', "v = DATE '1500-01-11'"],
    ["a text that was cut", "string", `'${cut}zz'`, `"${cut}"`, `v > '${cut}y'`],
    ["a text that is compared as a number", "string", "'10'", ['"1"', '"9"'], "v = 10.0"],
    ["a number that is compared as a text", "integer", "10", "10", "v::VARCHAR < '5'"],
    [
      "a day that is compared as a text",
      "date",
      "DATE '2024-01-02'",
      '"2024-01-02"',
      "v::VARCHAR > '2024-01-01x'",
    ],
    ["an opposite", "integer", "3", "3", "NOT (v = 4 OR v IS NULL)"],
    ["a value behind a function", "integer", "3", "3", "v + 1 = 4"],
    ["one of two conditions that is not understood", "integer", "3", "3", "v + 1 = 4 OR v > 5"],
    ["a comparison that takes NULL", "integer", "3", "3", "v IS DISTINCT FROM 4"],
    ["a member of a text's case", "string", "'B'", '"B"', "v = 'b' COLLATE NOCASE"],
  ] as const)("%s", async (what, type, value, bounds, where) => {
    const folder = `kept-${what.replaceAll(/[^a-zA-Z]/g, "")}`;
    const table = onS3(folder);
    const [least, greatest] = typeof bounds === "string" ? [bounds, bounds] : bounds;
    const stats = `{"numRecords":1,"minValues":{"v":${least}},"maxValues":{"v":${greatest}},"nullCount":{"v":0}}`;
    const settings = { fields: [{ name: "v", type }], readerFeatures: ["timestampNtz", "typeWidening"] };
    await table.create(settings, [await table.file("a.parquet", `SELECT ${value} AS v`, { stats })]);
    expect(await rowsOf(`SELECT count(v) FROM t WHERE ${where}`, folder)).toEqual([[1]]);
  });

  test("by counts of nulls that a deletion vector made uncertain", async () => {
    const table = onS3("wide-bounds");
    const stats = JSON.stringify({
      numRecords: 4,
      tightBounds: false,
      minValues: { id: 0 },
      maxValues: { id: 3 },
      nullCount: { id: 2 },
    });
    await table.create({ fields: [{ name: "id", type: "long" }], readerFeatures: ["deletionVectors"] }, [
      await table.file("a.parquet", "SELECT CASE WHEN range % 2 = 0 THEN range END AS id FROM range(4)", {
        stats,
        deletionVector: inlineVector([0, 1]),
      }),
    ]);
    expect(await rowsOf("SELECT id FROM t WHERE id IS NOT NULL", "wide-bounds")).toEqual([[2]]);
    expect(await rowsOf("SELECT id FROM t WHERE id IS NULL", "wide-bounds")).toEqual([[null]]);
  });
});
