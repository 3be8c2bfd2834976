import { expect, test } from "vitest";
import { differenceOf } from "../../bench/lake/compare.ts";

test("takes one value written in two ways for the same", () => {
  expect(differenceOf([["12", 0.1 + 0.2, "17.00", null]], [[12, "0.3", 17, null]])).toBeUndefined();
  expect(differenceOf([["1994-01-01T00:00:00.000Z"]], [["1994-01-01"]])).toBeUndefined();
});

test("tells what is different", () => {
  expect(differenceOf([[1], [2]], [[1]])).toBe("2 rows and not 1");
  expect(differenceOf([[1, 2]], [[1]])).toBe("row 1 has 2 values and not 1");
  expect(differenceOf([[1, 2.000001]], [[1, 2]])).toBe("row 1, value 2: 2.000001 and not 2");
  expect(differenceOf([["9007199254740993"]], [["9007199254740992"]])).toBeDefined();
  expect(differenceOf([[""]], [[null]])).toBeDefined();
  expect(differenceOf([[null]], [[0]])).toBe("row 1, value 1: null and not 0");
  expect(differenceOf([["1994-01-02"]], [["1994-01-01"]])).toBe(
    'row 1, value 1: "1994-01-02" and not "1994-01-01"',
  );
});
