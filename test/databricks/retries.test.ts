import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { unguardedServices } from "../../src/core/service-guard.ts";
import { createAccessTokens } from "../../src/lake/databricks/access-token.ts";
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

describe("a workspace that hangs", () => {
  const settings = { failures: 5, resetMs: 60_000, halfOpenCalls: 3, probeTimeoutMs: 60_000 };

  /** Answers nothing, or a byte now and then, until it is stopped. */
  async function startHanging(isDripping: boolean) {
    const server = createServer((_request, response) => {
      if (!isDripping) return;
      response.writeHead(200, { "content-type": "application/json" });
      const drip = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(drip));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return Object.assign(server, { host });
  }

  test.each([true, false])(
    "is cut off though every caller leaves first (dripping: %s)",
    async (isDripping) => {
      const server = await startHanging(isDripping);
      const guard = createBreakers({ settings, now: () => performance.now() });
      const rest = createRest({ host: server.host, tokens, guard, now: Date.now });
      const leaveAfter = async (ms: number, nowMs: () => number) => {
        const leaving = new AbortController();
        const request = { method: "GET", path, about: "x", grant: "x", answer: z.unknown() } as const;
        const begunMs = nowMs();
        const clock = vi.spyOn(performance, "now").mockImplementation(() => begunMs);
        const sent = rest.send(request, leaving.signal).catch((thrown: unknown) => thrown);
        await once(server, "request");
        clock.mockImplementation(() => begunMs + ms);
        leaving.abort();
        expect(await sent).toMatchObject({ code: "timeout" });
        clock.mockRestore();
      };
      try {
        for (let at = 0; at < 10; at++) await leaveAfter(19_999, () => at * 1_000);
        expect(guard.reports()).toMatchObject([{ state: "closed" }]);
        for (let at = 0; at < 5; at++) await leaveAfter(20_000, () => at * 1_000);
        expect(guard.reports()).toMatchObject([{ state: "open" }]);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    },
  );

  test("is not held against it by who leaves while it waits as it was asked to", async () => {
    workspace.faults = [failing(/catalogs/, 9_999, 429, {}, { "retry-after": "10" })];
    const guard = createBreakers({ settings: { ...settings, failures: 1 }, now: () => performance.now() });
    const rest = createRest({ host: workspace.host, tokens, guard, now: Date.now });
    const leaving = new AbortController();
    const request = { method: "GET", path, about: "x", grant: "x", answer: z.unknown() } as const;
    const sent = rest.send(request, leaving.signal).catch((thrown: unknown) => thrown);
    await vi.waitFor(() => expect(workspace.requests).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + 60_000);
    leaving.abort();
    expect(await sent).toMatchObject({ code: "timeout" });
    clock.mockRestore();
    expect(guard.reports()).toMatchObject([{ state: "closed" }]);
  });

  test("is given up though it drips, and so is one that drips a token", async () => {
    const server = await startHanging(true);
    try {
      const rest = createRest({ host: server.host, tokens, timeoutMs: 200, now: Date.now });
      const request = { method: "POST", path, about: "x", grant: "x", answer: z.unknown() } as const;
      const { signal } = new AbortController();
      await expect(rest.send(request, signal)).rejects.toMatchObject({ code: "timeout", retryable: true });
      const credentials = { kind: "m2m", clientId: "id", clientSecret: "secret" } as const;
      const dripped = createAccessTokens(server.host, credentials, Date.now, 200);
      await expect(dripped.get(signal)).rejects.toMatchObject({ code: "unavailable", retryable: true });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
