import { expect, test } from "vitest";
import { compare, compareSequence } from "./compare.ts";

const answer = (rows: unknown[][], type = "INTEGER") => ({ columns: [{ name: "a", type }], rows });
const error = { error: "no" };
const all = { orderedBy: [] };
const first = (limit: number, offset = 0) => ({ orderedBy: [0], cut: { wholeSql: "", limit, offset } });

test("rows are compared as a multiset", () => {
  expect(compare(all, answer([[1], [2], [2]]), answer([[2], [1], [2]]))).toBeUndefined();
  expect(compare(all, answer([[1], [1], [2]]), answer([[2], [1], [2]]))).toContain("[1] should not be there");
  expect(compare(all, answer([[1]]), answer([[1], [1]]))).toContain("1 rows in place of 2");
  expect(compare(all, answer([["1"]]), answer([[1]]))).toContain("should not be there");
  expect(compare(all, answer([[null]]), answer([[0]]))).toContain("should not be there");
});

test("types and names of columns count", () => {
  expect(compare(all, answer([[1]], "BIGINT"), answer([[1]]))).toContain("columns are");
});

test("an answer where the other fails is wrong, whichever it is", () => {
  expect(compare(all, error, answer([]))).toContain("failed");
  expect(compare(all, answer([]), error)).toContain("succeeded");
  expect(compare(all, error, error)).toBeUndefined();
});

test("of some rows their number, their being there and their order count", () => {
  const whole = answer([[1], [2], [3], [4]]);
  expect(compare(first(2), answer([[1], [2]]), answer([[1], [2]]), whole)).toBeUndefined();
  expect(compare(first(2), answer([[2], [1]]), answer([[1], [2]]), whole)).toContain("row 0 has keys");
  expect(compare(first(2), answer([[1], [9]]), answer([[1], [2]]), whole)).toContain(
    "[9] should not be there",
  );
  expect(compare(first(2), answer([[1]]), answer([[1]]), whole)).toContain("1 rows in place of 2");
  expect(compare(first(9, 3), answer([[4]]), answer([[4]]), whole)).toBeUndefined();
  expect(compare(first(9, 9), answer([]), answer([]), whole)).toBeUndefined();
});

test("rows of a file keep their order", () => {
  expect(compareSequence(answer([[1], [2]]), answer([[1], [2]]))).toBeUndefined();
  expect(compareSequence(answer([[2], [1]]), answer([[1], [2]]))).toContain("row 0 is [2]");
  expect(compareSequence(answer([[1], [2]]), answer([[1]]))).toContain("2 rows in place of 1");
});
