import { describe, expect, test } from "vitest";
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

describe("What is fetched ahead", () => {
  const whole = [{ start: 0, end: 100 }];

  test("counts as not there for what was read before it was asked for", async () => {
    const { hydrate, fetchAhead } = hydrating(sharedFile(), createScanBudget(1_000), lakeScope());
    await hydrate?.([], false).fetch(signal);
    expect(await fetchAhead?.(whole)?.fetch(signal)).toBe(1);
    expect(await hydrate?.(whole, true).fetch(signal)).toBe(1);
    await hydrate?.(whole, false).fetch(signal);
    expect(await hydrate?.(whole, true).fetch(signal)).toBe(0);
  });

  test("is counted once, and beside what else is asked for", async () => {
    const { hydrate, fetchAhead } = hydrating(sharedFile(), createScanBudget(150), lakeScope());
    await fetchAhead?.(whole)?.fetch(signal);
    expect(() => hydrate?.(whole, false)).not.toThrow();
    expect(() => hydrate?.([{ start: 50, end: 150 }], true)).not.toThrow();
    expect(() => hydrate?.([{ start: 150, end: 151 }], true)).toThrow(
      expect.objectContaining({ code: "too_large" }),
    );
  });

  test("is nothing where it is more than may be read, which is left for what needs less", async () => {
    const file = sharedFile();
    const { hydrate, fetchAhead } = hydrating(file, createScanBudget(99), lakeScope());
    expect(fetchAhead?.(whole)).toBeUndefined();
    expect(file.missing(whole)).toEqual(whole);
    expect(() => hydrate?.([{ start: 0, end: 99 }], false)).not.toThrow();
  });
});
