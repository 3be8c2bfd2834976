import { expect, test } from "vitest";
import { planBySample, planExact, statisticsPasses } from "./column-plan.ts";

const column = { name: "c", type: "BIGINT" };

test.each([
  { of: "few values", rows: 6e6, sampled: 200_000, distinct: 7, way: "each", isListable: true },
  { of: "thousands", rows: 6e6, sampled: 200_000, distinct: 9_800, way: "each", isListable: false },
  {
    of: "few values of very many rows",
    rows: 1e9,
    sampled: 200_000,
    distinct: 190,
    way: "each",
    isListable: false,
  },
  { of: "some values", rows: 6e6, sampled: 200_000, distinct: 30, way: "each", isListable: true },
  {
    of: "perhaps too many to list",
    rows: 6e6,
    sampled: 200_000,
    distinct: 100,
    way: "each",
    isListable: false,
  },
  { of: "as many values as rows", rows: 6e6, sampled: 200_000, distinct: 215_000, way: "hashed" },
  { of: "four rows of each value, in order", rows: 6e6, sampled: 200_000, distinct: 50_000, way: "hashed" },
  { of: "more hashes than are kept", rows: 65e6, sampled: 200_000, distinct: 200_000, way: "sketched" },
  { of: "perhaps too many values to keep", rows: 1e9, sampled: 200_000, distinct: 2_000, way: "sketched" },
  { of: "a sample too small to tell", rows: 6e6, sampled: 2_048, distinct: 2_000, way: "sketched" },
  { of: "an empty sample", rows: 6e6, sampled: 0, distinct: 0, way: "sketched" },
])("distinct values, $of: $way", ({ rows, sampled, distinct, way, isListable }) => {
  const [plan] = planBySample([column], rows, () => ({ rowCount: sampled, distinct }));
  expect(plan?.distinct).toBe(way);
  expect(plan?.isListable).toBe(isListable);
});

test("columns share a statement as far as the memory goes, and one alone always has its own", () => {
  const plans = planExact(Array.from({ length: 5 }, () => column));
  expect(statisticsPasses(plans, 60 << 20).map(({ length }) => length)).toEqual([2, 2, 1]);
  expect(statisticsPasses(plans, 1).map(({ length }) => length)).toEqual([1, 1, 1, 1, 1]);
  expect(statisticsPasses([], 1)).toEqual([[]]);
});
