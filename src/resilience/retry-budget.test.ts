import { expect, test } from "vitest";
import { createBreakers } from "./breakers.ts";
import { createRetryBudget } from "./retry-budget.ts";

test("100 retries may be made with no success between them, and a success gives back what it took", () => {
  const budget = createRetryBudget();
  const taken = () => {
    let count = 0;
    while (budget.take()) count++;
    return count;
  };
  expect(taken()).toBe(100);
  budget.succeeded(true);
  expect(taken()).toBe(1);
  for (let count = 0; count < 4; count++) budget.succeeded(false);
  expect(taken()).toBe(0);
  budget.succeeded(false);
  expect(taken()).toBe(1);
  for (let count = 0; count < 10_000; count++) budget.succeeded(true);
  expect(taken()).toBe(100);
});

test("each service and region has its own", () => {
  const settings = { failures: 5, resetMs: 1, halfOpenCalls: 3, probeTimeoutMs: 1 };
  const breakers = createBreakers({ settings, now: Date.now });
  const [one, other] = [
    { service: "databricks", region: "a" },
    { service: "databricks", region: "b" },
  ];
  while (breakers.retries(one).take());
  expect([breakers.retries(one).take(), breakers.retries(other).take()]).toEqual([false, true]);
});
