import { expect, test } from "vitest";
import { sureBounds } from "./sure-bounds.ts";

const ofBoth = (type: string, value: string | number | boolean) => {
  const { least, greatest } = sureBounds(type, { min: value, max: value }, 1);
  return [least, greatest];
};

test.each([
  ["INTEGER", 7, ["7", "7"]],
  // As JSON has 9007199254740993 here.
  ["BIGINT", 9_007_199_254_740_992, ["9007199254740983", "9007199254741002"]],
  ["DECIMAL(20,2)", 0.5, ["0.4999999999999995", "0.5000000000000006"]],
  ["INTEGER", "7", [null, null]],
  ["BOOLEAN", true, [null, null]],
  ["DOUBLE", "NaN", [null, null]],
  ["DOUBLE", 1, ["0.999999", "1.000001"]],
  ["VARCHAR", "abc", ["abc", "abc"]],
  ["VARCHAR", "m".repeat(32), ["m".repeat(32), `${"m".repeat(30)}n`]],
  ["VARCHAR", "ab\u007f", ["ab", "ac"]],
  ["VARCHAR", "a\u{d7ff}\u{10ffff}", ["a\u{d7ff}", "a\u{e000}"]],
  ["VARCHAR", "\u{10ffff}", ["", null]],
  ["VARCHAR", "a\ud800", [null, null]],
  ["VARCHAR", "a\0", [null, null]],
  ["VARCHAR", "", ["", ""]],
  ["DATE", "2024-02-29", ["2024-02-29", "2024-02-29"]],
  ["DATE", "1582-10-10", [null, null]],
  ["DATE", "2024-02-29T00:00:00Z", [null, null]],
  [
    "TIMESTAMP WITH TIME ZONE",
    "2024-01-01T00:00:00.123-08:00",
    ["2024-01-01T08:00:00.122Z", "2024-01-01T08:00:00.124Z"],
  ],
  [
    "TIMESTAMP WITH TIME ZONE",
    "2024-01-01 00:00:00.123456+00",
    ["2024-01-01T00:00:00.122Z", "2024-01-01T00:00:00.124Z"],
  ],
  [
    "TIMESTAMP WITH TIME ZONE",
    "2024-01-01T00:00:00Z",
    ["2023-12-31T23:59:59.000Z", "2024-01-01T00:00:01.000Z"],
  ],
  ["TIMESTAMP WITH TIME ZONE", "2024-01-01T00:00:00.123", [null, null]],
  ["TIMESTAMP", "2024-01-01T00:00:00.123", ["2024-01-01T00:00:00.122Z", "2024-01-01T00:00:00.124Z"]],
  ["TIMESTAMP", "2024-01-01T00:00:00.123+02:00", [null, null]],
  ["TIMESTAMP", "2024-01-01", ["2023-12-31T23:59:59.000Z", "2024-01-01T00:00:01.000Z"]],
  ["TIMESTAMP", "2024-13-01T00:00:00", [null, null]],
] as const)("of %s, %j is between %j", (type, value, expected) => {
  expect(ofBoth(type, value)).toEqual(expected);
});

test.each([
  [{ nullCount: 0 }, 5, { hasValues: true, hasNulls: false }],
  [{ nullCount: 2 }, 5, { hasValues: true, hasNulls: true }],
  [{ nullCount: 5 }, 5, { hasValues: false, hasNulls: true }],
  [{ nullCount: 5 }, undefined, { hasValues: true, hasNulls: true }],
  [{}, 5, { hasValues: true, hasNulls: true }],
  [undefined, 5, { hasValues: true, hasNulls: true }],
] as const)("%j of %j rows: %j", (bounds, rowCount, expected) => {
  expect(sureBounds("BIGINT", bounds, rowCount)).toMatchObject(expected);
});
