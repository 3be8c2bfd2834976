import { expect, test } from "vitest";
import { checkFilter } from "./check-filter.ts";

test.each([
  "status = 'paid' AND total > 10",
  "name = 'it''s; -- (fine)' OR \"odd)name\" IS NULL",
  "(a OR b) AND lower(c) IN ('x', 'y')",
  "note = E'a\\'b) --'",
  "price = '$5'",
])("%s is a condition", (filter) => {
  expect(() => checkFilter(filter)).not.toThrow();
});

test.each([
  ["1) UNION SELECT * FROM x WHERE (1", "closes a parenthesis"],
  ["a = 1 -- ", "comment"],
  ["a = 1 /* ", "comment"],
  ["a = 1; DROP TABLE x", "semicolon"],
  ["a = 'x", "quote is not closed"],
  ["a = E'x\\'", "quote is not closed"],
  ["$$ ) $$ = a", "$ outside quotes"],
  ["(a = 1", "not closed"],
  [" ", "empty"],
])("%s is refused: %s", (filter, reason) => {
  expect(() => checkFilter(filter)).toThrow(reason);
});
