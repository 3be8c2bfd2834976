import { expect, test } from "vitest";
import { createRandom } from "../../../test/harness/random.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import { sampleRanges } from "./sample-ranges.ts";

const footersOf = (...files: number[][]) =>
  files.map((groupRows) => ({ groupRows, groupBytes: bytesOf(groupRows) }) as ParquetFooter);
/** Of a file with four bytes in front, and ten for each row. */
const bytesOf = (groupRows: number[]) =>
  groupRows.map((rows, at) => {
    const start = 4 + 10 * sum(groupRows.slice(0, at));
    return { start, end: start + 10 * rows };
  });
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
  expect(sample.bytes).toEqual([
    { file: 0, start: 50_004, end: 60_004 },
    { file: 0, start: 150_004, end: 160_004 },
    { file: 1, start: 50_004, end: 60_004 },
    { file: 1, start: 150_004, end: 160_004 },
  ]);
});

test("takes as many rows as are wanted where groups differ in size, and of each as its size is", () => {
  const uneven = Array.from({ length: 100 }, (_, at) => (at % 10 === 0 ? 1_000_000 : 10_000));
  const sample = sampleRanges(footersOf(uneven), 100_000);
  expect(sum(rowsOf(sample))).toBeGreaterThanOrEqual(100_000);
  expect(sum(rowsOf(sample))).toBeLessThan(100_000 + sample.groups);
  const ofLarge = sample.ranges.filter(({ start }) => start % 1_090_000 === 0);
  expect(ofLarge.length).toBeGreaterThanOrEqual(3);
  expect(sum(rowsOf({ ...sample, ranges: ofLarge }))).toBeGreaterThan(80_000);
  expect(rowsOf(sampleRanges(footersOf([100, 10_000, 10_000, 300]), 5_000))).toEqual([25, 2_451, 2_451, 74]);
});

test("takes hardly more of a great many tiny files than their share of the rows", () => {
  const tiny = Array.from({ length: 20_000 }, () => [50]);
  const sample = sampleRanges(
    footersOf(...tiny.slice(0, 10_000), [50_000_000], ...tiny.slice(10_000)),
    100_000,
  );
  expect(sample.groups).toBeLessThan(10);
  expect(sample.ranges.find(({ file }) => file === 10_000)?.end).toBeGreaterThan(95_000);
  expect(sum(rowsOf(sample))).toBeGreaterThanOrEqual(100_000);
});

test("never takes a row that is not there, and near as many as are wanted", () => {
  const random = createRandom(7);
  for (let round = 0; round < 500; round++) {
    const files = Array.from({ length: 1 + random(6) }, () =>
      Array.from({ length: random(30) }, () => random(10 ** (1 + random(6)))),
    );
    const all = sum(files.flat());
    const wanted = 1 + random(200_000);
    const sample = sampleRanges(footersOf(...files), wanted);
    for (const { file, start, end } of sample.ranges) {
      const starts = (files[file] ?? []).map((_, at) => sum((files[file] ?? []).slice(0, at)));
      const at = starts.lastIndexOf(start);
      expect(end).toBeGreaterThan(start);
      expect(end).toBeLessThanOrEqual(start + (files[file]?.[at] ?? 0));
    }
    expect(sum(rowsOf(sample))).toBeGreaterThanOrEqual(Math.min(wanted, all) / 2);
    expect(sum(rowsOf(sample))).toBeLessThanOrEqual(Math.min(wanted + sample.groups, all));
  }
});

test("takes all there is of few rows, and nothing of none", () => {
  expect(rowsOf(sampleRanges(footersOf([10, 20], [30]), 1_000))).toEqual([10, 20, 30]);
  expect(sampleRanges(footersOf([], []), 1_000)).toEqual({ ranges: [], bytes: [], groups: 0, allGroups: 0 });
});
