import { expect, test } from "vitest";
import {
  anna,
  bert,
  type Limited,
  letIn,
  limited,
  midnightMs,
  noonMs,
  usualLimits,
} from "../../test/harness/limited.ts";
import { callTool } from "../core/call.ts";
import { ToolError } from "../core/errors.ts";
import { localPrincipal } from "../core/principal.ts";
import { MemoryStore } from "../state/memory-store.ts";
import { countKey } from "./count-key.ts";

test("of 15 quick calls 5 are let in, then 10 a second", async () => {
  const server = limited();
  expect(await letIn(server, 15)).toBe(5);
  let later = 0;
  for (let ms = 0; ms < 3_000; ms += 20) {
    server.clock.nowMs += 20;
    later += await letIn(server, 1);
  }
  expect(later).toBe(30);
  server.clock.nowMs += 60_000;
  expect(await letIn(server, 15)).toBe(5);
});

test("a refusal says how long to wait, and waiting so long is enough", async () => {
  const server = limited();
  await letIn(server, 5);
  const refused = await server.result();
  expect(refused).toMatchObject({
    fault: { code: "throttled", retryable: true, details: { limit: "rate", retryAfterMs: 100, burst: 5 } },
  });
  server.clock.nowMs += 100;
  expect(await server.call()).toBe("completed");
});

test("each verified principal has its own, whatever others of its name or tenant use up", async () => {
  const server = limited();
  expect(await letIn(server, 10, anna)).toBe(5);
  expect(await letIn(server, 10, bert)).toBe(5);
  expect(await letIn(server, 10, { ...anna, tenantId: "other" })).toBe(5);
  expect(await letIn(server, 10, { ...anna, roles: ["admin"], scopes: ["x"], via: "jwt" })).toBe(0);
  expect(await letIn(server, 10, { ...anna, id: "x".repeat(5_000) })).toBe(5);
  expect(await letIn(server, 10, { ...anna, id: "\ud800" })).toBe(5);
});

test("the local user is bound by what somebody set, and by nothing else", async () => {
  const none = usualLimits.local;
  expect(await letIn(limited({ perDay: 3 }), 50, localPrincipal)).toBe(50);
  expect(await letIn(limited({ local: { ...none, rate: true } }), 50, localPrincipal)).toBe(5);
  const byDay = limited({ perDay: 3, local: { ...none, perDay: true } });
  expect(await letIn(byDay, 50, localPrincipal)).toBe(3);
  const ofTool = limited({ overrides: [{ tool: "test_fail", perDay: 2 }] });
  expect(await letIn(ofTool, 9, localPrincipal, "test_fail")).toBe(2);
  expect(await letIn(ofTool, 9, localPrincipal)).toBe(9);
});

test("the day's calls are counted to the last, and anew from 00:00 UTC", async () => {
  const server = limited({ ratePerSecond: "unlimited", perDay: 1_000, concurrency: 2_000 });
  expect(await letIn(server, 1_001)).toBe(1_000);
  expect(await server.result()).toMatchObject({
    fault: {
      code: "throttled",
      details: { limit: "day", retryAfterMs: midnightMs - noonMs, resetsAt: "2026-11-26T00:00:00.000Z" },
    },
    allowances: [{ name: "day", calls: 1_000, remaining: 0, resetMs: midnightMs - noonMs }],
  });
  server.clock.nowMs = midnightMs - 1;
  expect(await server.call()).toBe("throttled");
  server.clock.nowMs = midnightMs;
  expect(await letIn(server, 1_001)).toBe(1_000);
  server.clock.nowMs = midnightMs - 60_000;
  expect(await server.call()).toBe("throttled");
});

test("what is let in counts, however it ends; what is refused does not", async () => {
  const server = limited({ ratePerSecond: "unlimited", perDay: 3, concurrency: 1, queue: 0 });
  expect(await server.call(anna, "test_fail")).toBe("not_found");
  expect(await server.call(anna, "test_say_word", { wrd: 1 })).toBe("invalid_input");
  expect(await server.call(anna, "test_none")).toBe("unknown_tool");
  const denied = {
    ...server.path.steps.policy,
    authorize: () => Promise.reject(new ToolError("denied", "No.")),
  };
  const steps = { ...server.path.steps, policy: denied };
  const request = { name: "test_say_word", arguments: {}, principal: anna };
  expect(await callTool({ ...server.path, steps }, request)).toMatchObject({ fault: { code: "denied" } });
  const crowd = await Promise.all(Array.from({ length: 5 }, () => server.call(anna)));
  expect(crowd.filter((code) => code === "completed")).toHaveLength(1);
  expect(await server.call()).toBe("throttled");
});

test("a tool's own bounds hold beside the others, and a tenant's in their place", async () => {
  const server = limited({
    ratePerSecond: "unlimited",
    perDay: 10,
    overrides: [
      { tool: "test_fail", perDay: 4 },
      { tool: "test_fail", tenantId: "large", perDay: 50 },
      { tenantId: "large", perDay: 20 },
      { tenantId: "slow", ratePerSecond: 1, burst: 2, perDay: "unlimited" },
    ],
  });
  expect(await letIn(server, 9, anna, "test_fail")).toBe(4);
  // Five were refused by the tool's bound and none of them counted for the principal.
  expect(await letIn(server, 9, anna)).toBe(6);
  expect(await letIn(server, 99, { ...anna, tenantId: "large" }, "test_fail")).toBe(20);
  expect(await letIn(server, 99, { ...anna, tenantId: "slow" })).toBe(2);
});

test("what a tenant's override of a tool does not say, that of the tool says", async () => {
  const server = limited({
    ratePerSecond: "unlimited",
    perDay: "unlimited",
    overrides: [
      { tool: "test_fail", perDay: 4, ratePerSecond: 1, burst: 3 },
      { tool: "test_fail", tenantId: "quick", ratePerSecond: 100, burst: 50 },
      { tool: "test_fail", tenantId: "large", perDay: 50 },
    ],
  });
  expect(await letIn(server, 99, { ...anna, tenantId: "quick" }, "test_fail")).toBe(4);
  expect(await letIn(server, 99, { ...anna, tenantId: "large" }, "test_fail")).toBe(3);
  expect(await letIn(server, 99, anna, "test_fail")).toBe(3);
});

test("a call refused by the day's bound takes nothing of its tool's", async () => {
  const store = new MemoryStore({ now: () => noonMs });
  const overrides = [{ tool: "test_say_word", perDay: 3 }];
  expect(await letIn(limited({ perDay: 1, overrides }, store), 5)).toBe(1);
  expect(await store.get(countKey(anna, { tool: "test_say_word" }, "day/2026-11-25"))).toBe("1");
});

test("with a store that cannot be reached nobody is let in who is counted there, and no place is lost", async () => {
  const down = () => Promise.reject(new ToolError("unavailable", "The state store does not answer."));
  const store = Object.assign(new MemoryStore({ now: () => noonMs }), { increment: down });
  const server = limited({ concurrency: 1, queue: 0 }, store);
  for (let call = 0; call < 3; call++) {
    expect(await server.result()).toMatchObject({ fault: { code: "unavailable", retryable: true } });
  }
  expect(await server.call(localPrincipal)).toBe("completed");
});

test("servers with one store let through together what one would", async () => {
  const clock = { nowMs: noonMs };
  const store = Object.assign(new MemoryStore({ now: () => clock.nowMs }), { isShared: true });
  const servers = [limited({}, store, clock), limited({}, store, clock), limited({}, store, clock)];
  const all = (calls: number) => Promise.all(servers.map((server) => letIn(server, calls)));
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  expect(sum(await all(15))).toBe(5);
  let later = 0;
  for (let ms = 0; ms < 2_000; ms += 20) {
    clock.nowMs += 20;
    later += sum(await all(1));
  }
  expect(later).toBe(20);
});

test("servers whose clocks are 20 minutes apart let through no more than each its own, and neither locks the other out", async () => {
  const clocks = [{ nowMs: noonMs }, { nowMs: noonMs + 20 * 60_000 }];
  const store = Object.assign(new MemoryStore({ now: () => noonMs }), { isShared: true });
  const servers = clocks.map((clock) => limited({ perDay: "unlimited" }, store, clock));
  /** Calls let in during five seconds, by these servers. */
  const fiveSeconds = async (asked: readonly Limited[]) => {
    let count = 0;
    for (let ms = 0; ms < 5_000; ms += 20) {
      for (const clock of clocks) clock.nowMs += 20;
      for (const server of asked) count += await letIn(server, 1);
    }
    return count;
  };
  const both = await fiveSeconds(servers);
  expect(both).toBeGreaterThanOrEqual(50);
  expect(both).toBeLessThanOrEqual(2 * 55);
  for (const server of servers) {
    const alone = await fiveSeconds([server]);
    expect(alone).toBeGreaterThanOrEqual(45);
    expect(alone).toBeLessThanOrEqual(55);
  }
});

test("a caller who waits for a place and leaves is let go, and its call neither runs nor counts", async () => {
  const server = limited({ ratePerSecond: "unlimited", perDay: 2, concurrency: 1 });
  const { limiter } = server.path.steps;
  const [found] = server.path.registry.tools;
  const call = {
    id: "1",
    tool: found!,
    calledAs: "x",
    principal: anna,
    correlationId: "1",
    startedMs: 0,
    rawArguments: {},
  };
  const release = await limiter.admit(call);
  const leaving = new AbortController();
  const left = callTool(server.path, {
    name: "test_say_word",
    arguments: {},
    principal: anna,
    signal: leaving.signal,
  });
  setImmediate(() => leaving.abort());
  expect(await left).toMatchObject({ fault: { code: "timeout" } });
  release();
  expect(await server.call()).toBe("completed");
  expect(await server.call()).toBe("throttled");
});
