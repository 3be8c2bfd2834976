import { expect, test } from "vitest";
import { readParquetFooter } from "../formats/parquet-footer.ts";
import { sampleParquet } from "./sample-parquet.ts";

test.each([12, 20])(
  "the sample of %i row groups is a Parquet file whose footer says what footers usually say",
  async (rowGroups) => {
    const file = sampleParquet(rowGroups);
    const footer = await readParquetFooter(async (start, end) => file.subarray(start, end), file.length);
    expect(footer).toMatchObject({
      rowCount: rowGroups * 100_000,
      rowGroups,
      codecs: ["SNAPPY"],
      version: 1,
    });
    expect(footer.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "id BIGINT",
      "kind VARCHAR",
      "price DECIMAL(15,2)",
      "share DOUBLE",
      "day DATE",
      "at TIMESTAMP",
      "count INTEGER",
      "comment VARCHAR",
    ]);
    expect(
      footer.columns.every(({ nulls, min, max }) => nulls === 0 && min !== undefined && max === min),
    ).toBe(true);
  },
);
