import { expect, test } from "vitest";
import { planText } from "./write-plan.ts";

const plan = { tool: "t", summary: "Deletes it", changes: [], reversible: false };

test.each([
  ["a line of its own", "SELECT 1\nIt can be undone.", "SELECT 1\\nIt can be undone."],
  ["other line ends", "a\r\u2028\u2029\u0085b", "a\\u000d\\u2028\\u2029\\u0085b"],
  ["words turned around", "\u202egnp.exe\u2066", "\\u202egnp.exe\\u2066"],
  ["what is not seen", "pro\u200bd\u{e0041}", "pro\\u200bd\\udb40\\udc41"],
  ["a terminal's commands", "\u001b[2J", "\\u001b[2J"],
])("a text in a plan cannot make %s", (_, text, shown) => {
  const changes = [{ what: text, from: text, to: text }, { what: text, to: text }, { what: text }];
  expect(planText({ ...plan, summary: text, changes }).split("\n")).toEqual([
    `t: ${shown}`,
    `- ${shown}: ${shown} → ${shown}`,
    `- ${shown}: ${shown}`,
    `- ${shown}`,
    "It cannot be undone.",
  ]);
});
