import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { unguardedServices } from "../../src/core/service-guard.ts";
import { createRest, type RestOptions } from "../../src/lake/databricks/rest.ts";
import { createBreakers } from "../../src/resilience/breakers.ts";
import { createRetryBudget } from "../../src/resilience/retry-budget.ts";
import {
  type DatabricksServer,
  failing,
  startDatabricksServer,
  workspaceToken,
} from "../harness/databricks-server.ts";

let workspace: DatabricksServer;
beforeAll(async () => {
  workspace = await startDatabricksServer();
});
afterAll(() => workspace.stop());
beforeEach(() => {
  workspace.requests.length = 0;
  workspace.faults = [];
});

const tokens = { get: async () => workspaceToken, renew: () => false };
const path = "/api/2.1/unity-catalog/catalogs";

function restWith(options: Partial<RestOptions>) {
  const rest = createRest({ host: workspace.host, tokens, now: Date.now, ...options });
  const request = { method: "GET", path, about: "the catalogs", grant: "x", answer: z.unknown() } as const;
  return (more: object = {}) => rest.send({ ...request, ...more }, new AbortController().signal);
}

/** A budget of its own, and no breaker, which would end most of a storm before the budget does. */
function budgetAlone() {
  const budget = createRetryBudget();
  return { ...unguardedServices, retries: () => budget };
}

test("a storm of calls at a failing workspace makes 100 retries in all, where each call would make 3", async () => {
  workspace.faults = [failing(/catalogs/, 9_999, 503, {}, {})];
  const send = restWith({ guard: budgetAlone(), pauseMs: 1 });
  const results = await Promise.allSettled(Array.from({ length: 200 }, () => send()));
  expect(results.every(({ status }) => status === "rejected")).toBe(true);
  expect(workspace.requests).toHaveLength(300);
  workspace.requests.length = 0;
  await expect(send()).rejects.toMatchObject({ code: "unavailable", retryable: true });
  expect(workspace.requests).toHaveLength(1);
});

test("what succeeds fills the budget again, and the breaker of the workspace has one of its own", async () => {
  const settings = { failures: 1_000, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 1_000 };
  const send = restWith({ guard: createBreakers({ settings, now: Date.now }), pauseMs: 1 });
  workspace.faults = [failing(/catalogs/, 9_999, 429, {}, {})];
  await Promise.allSettled(Array.from({ length: 50 }, () => send()));
  expect(workspace.requests).toHaveLength(150);
  workspace.faults = [];
  for (let count = 0; count < 5; count++) await send();
  workspace.requests.length = 0;
  workspace.faults = [failing(/catalogs/, 1, 429, {}, {})];
  await send();
  expect(workspace.requests).toHaveLength(2);
});

test("pauses are spread up to twice as long each time, and no shorter than Databricks asks", async () => {
  workspace.faults = [failing(/catalogs/, 3, 503, {}, {})];
  const drawn: number[] = [];
  const random = () => {
    drawn.push(performance.now());
    return 0;
  };
  const begunMs = performance.now();
  await restWith({ random, pauseMs: 60_000 })();
  expect(drawn).toHaveLength(3);
  expect(performance.now() - begunMs).toBeLessThan(5_000);
  workspace.faults = [failing(/catalogs/, 1, 429, {}, { "retry-after": "1" })];
  const askedMs = performance.now();
  await restWith({ random, pauseMs: 60_000 })();
  expect(performance.now() - askedMs).toBeGreaterThan(990);
});

test("a write that met a broken connection is not sent again, a read is", async () => {
  const broken = () => {
    let left = 1;
    return [
      (_request: unknown, response: { destroy(): unknown }) => {
        if (left-- <= 0) return false;
        response.destroy();
        return true;
      },
    ];
  };
  const send = restWith({ pauseMs: 1 });
  workspace.faults = broken();
  await send();
  expect(workspace.requests).toHaveLength(2);
  workspace.faults = broken();
  await expect(send({ method: "POST", body: {} })).rejects.toMatchObject({ code: "unavailable" });
  expect(workspace.requests).toHaveLength(3);
});
