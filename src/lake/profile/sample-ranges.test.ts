import { expect, test } from "vitest";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import { sampleRanges } from "./sample-ranges.ts";

const footersOf = (...files: number[][]) => files.map((groupRows) => ({ groupRows }) as ParquetFooter);
const rowsOf = ({ ranges }: ReturnType<typeof sampleRanges>) => ranges.map(({ start, end }) => end - start);
const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);

test("takes the first rows of groups that are spread over the files", () => {
  const even = Array.from({ length: 20 }, () => 1_000);
  const sample = sampleRanges(footersOf(even, even), 2_000);
  expect(sample).toMatchObject({ groups: 4, allGroups: 40 });
  expect(sample.ranges).toEqual([
    { file: 0, start: 5_000, end: 5_500 },
    { file: 0, start: 15_000, end: 15_500 },
    { file: 1, start: 5_000, end: 5_500 },
    { file: 1, start: 15_000, end: 15_500 },
  ]);
});

test("takes as many rows as are wanted where groups differ in size, more of the large ones", () => {
  const uneven = Array.from({ length: 100 }, (_, at) => (at % 10 === 0 ? 100_000 : 100));
  const sample = sampleRanges(footersOf(uneven), 5_000);
  expect(sum(rowsOf(sample))).toBeGreaterThanOrEqual(5_000);
  expect(sum(rowsOf(sample))).toBeLessThan(5_000 + sample.groups);
  const mixed = sampleRanges(footersOf([100, 10_000, 10_000, 300]), 5_000);
  expect(rowsOf(mixed)).toEqual([100, 2_300, 2_300, 300]);
});

test("takes more groups where the spread ones are the small ones", () => {
  const large = new Set([3, 40, 77]);
  const mostlyTiny = Array.from({ length: 80 }, (_, at) => (large.has(at) ? 50_000 : 10));
  const sample = sampleRanges(footersOf(mostlyTiny), 10_000);
  expect(sum(rowsOf(sample))).toBeGreaterThanOrEqual(10_000);
});

test("takes all there is of few rows, and nothing of none", () => {
  expect(rowsOf(sampleRanges(footersOf([10, 20], [30]), 1_000))).toEqual([10, 20, 30]);
  expect(sampleRanges(footersOf([], []), 1_000)).toEqual({ ranges: [], groups: 0, allGroups: 0 });
});
