import { expect, test } from "vitest";
import { lakeScope } from "../../../test/harness/lake-settings.ts";
import { createRangeSet, tidyRanges } from "../cache/byte-ranges.ts";
import type { SparseFile } from "../cache/cache.ts";
import { hydrating } from "./hydrating.ts";
import { createScanBudget } from "./scan-budget.ts";

const sizeBytes = 1_000;

/** A file that several calls share, as the cache gives it. */
function sharedFile(): SparseFile {
  const there = createRangeSet();
  return {
    path: "/nowhere",
    sizeBytes,
    missing: (ranges) => there.gaps(tidyRanges(ranges, sizeBytes)),
    async ensure(ranges) {
      for (const range of ranges) there.add(range);
      return { fetchedBytes: 0, requests: 0 };
    },
    release() {},
  };
}

const { signal } = new AbortController();
const open = (file: SparseFile, maxBytes = 10_000) => {
  const { hydrate } = hydrating(file, createScanBudget(maxBytes), lakeScope());
  if (!hydrate) throw new TypeError("The file is whole.");
  return (start: number, end: number, isCheck: boolean) => hydrate([{ start, end }], isCheck).fetch(signal);
};

test("what another call fetched after it was read counts as not there", async () => {
  const file = sharedFile();
  const [first, second] = [open(file), open(file)];
  await first(0, 100, false);
  await second(100, 200, false);
  expect(await first(0, 200, true)).toBe(1);
  expect(await first(0, 200, true)).toBe(0);
});

test("what another call fetched before the run begins is there", async () => {
  const file = sharedFile();
  const [first, second] = [open(file), open(file)];
  await second(100, 200, false);
  await first(0, 100, false);
  expect(await first(0, 200, true)).toBe(0);
});

test("bytes are counted once where ranges overlap, and before any is fetched", () => {
  const hydrate = open(sharedFile(), 150);
  expect(() => hydrate(0, 151, false)).toThrow(expect.objectContaining({ code: "too_large" }));
  const { hydrate: twice } = hydrating(sharedFile(), createScanBudget(150), lakeScope());
  const range = { start: 0, end: 100 };
  expect(() => twice?.([range, range], false)).not.toThrow();
});
