import { describe, expect, test } from "vitest";
import { anna, bert, type Limited, letIn, limited, midnightMs, noonMs } from "../../test/harness/limited.ts";
import { ToolError } from "../core/errors.ts";
import { localPrincipal, type Principal } from "../core/principal.ts";
import { MemoryStore } from "../state/memory-store.ts";
import { countKey } from "./count-key.ts";
import type { LimitSettings } from "./settings.ts";

const carl: Principal = { ...anna, id: "carl" };
const other: Principal = { ...anna, tenantId: "other" };
const open = { ratePerSecond: "unlimited", perDay: "unlimited", concurrency: 1_000 } as const;
const today = "day/2026-11-25";

/** Servers that share a store and a clock. */
function sharing(count: number, settings: Partial<LimitSettings>, clock = { nowMs: noonMs }) {
  const store = Object.assign(new MemoryStore({ now: () => clock.nowMs }), { isShared: true });
  return { store, clock, servers: Array.from({ length: count }, () => limited(settings, store, clock)) };
}

const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);

/** How many calls at once were let in, where each of the principals makes so many on each server. */
async function letInOf(servers: readonly Limited[], principals: readonly Principal[], calls: number) {
  const each = servers.flatMap((server) => principals.map((one) => letIn(server, calls, one)));
  return sum(await Promise.all(each));
}

describe("a tenant's total", () => {
  test("is shared by all its principals, and by nobody else", async () => {
    const server = limited({ ...open, tenantTotals: [{ ratePerSecond: 10, burst: 6, perDay: 20 }] });
    expect(await letInOf([server], [anna, bert, carl], 5)).toBe(6);
    expect(await letIn(server, 9, other)).toBe(6);
    expect(await letIn(server, 9, localPrincipal)).toBe(6);
    server.clock.nowMs += 60_000;
    expect(await letInOf([server], [anna, bert], 5)).toBe(6);
    server.clock.nowMs += 60_000;
    expect(await letInOf([server], [anna, bert], 5)).toBe(6);
    server.clock.nowMs += 60_000;
    expect(await letInOf([server], [anna, bert], 5)).toBe(2);
  });

  test("stands in the place of that of each tenant, as far as it says something", async () => {
    const tenantTotals = [
      { ratePerSecond: 1, burst: 2, perDay: 3 },
      { tenantId: "acme", perDay: 5 },
      { tenantId: "other", ratePerSecond: "unlimited" as const },
    ];
    const server = limited({ ...open, tenantTotals });
    let acme = 0;
    for (let second = 0; second < 20; second++) {
      acme += await letInOf([server], [anna, bert], 1);
      server.clock.nowMs += 1_000;
    }
    expect(acme).toBe(5);
    expect(await letIn(server, 9, other)).toBe(3);
  });

  test("says in a refusal that it is the tenant's, and when to come back", async () => {
    const server = limited({ ...open, tenantTotals: [{ ratePerSecond: 10, burst: 2, perDay: 3 }] });
    await letInOf([server], [anna, bert], 1);
    expect(await server.result(carl)).toMatchObject({
      fault: {
        code: "throttled",
        message: expect.stringContaining("of your whole tenant"),
        details: { limit: "rate", sharedBy: "tenant", retryAfterMs: 100, burst: 2 },
      },
      allowances: [{ name: "tenant-rate", calls: 10, remaining: 0 }],
    });
    server.clock.nowMs += 10_000;
    await letIn(server, 1, carl);
    expect(await server.result(anna)).toMatchObject({
      fault: { details: { limit: "day", sharedBy: "tenant", retryAfterMs: midnightMs - noonMs - 10_000 } },
      allowances: [{ name: "tenant-rate" }, { name: "tenant-day", calls: 3, remaining: 0 }],
    });
    server.clock.nowMs = midnightMs;
    expect(await server.call(anna)).toBe("completed");
  });
});

describe.each([1, 3])("with %i servers", (count) => {
  /** On a store of its own process, or on one that they share. */
  const start = (settings: Partial<LimitSettings>) => {
    if (count > 1) return sharing(count, settings);
    const clock = { nowMs: noonMs };
    const store = new MemoryStore({ now: () => clock.nowMs });
    return { store, clock, servers: [limited(settings, store, clock)] };
  };

  test("all together let through what the total allows, to the last call", async () => {
    const { servers, clock } = start({
      ...open,
      tenantTotals: [{ ratePerSecond: 10, burst: 7, perDay: 30 }],
    });
    const principals = [anna, bert, carl];
    expect(await letInOf(servers, principals, 5)).toBe(7);
    let later = 0;
    for (let ms = 0; ms < 2_000; ms += 20) {
      clock.nowMs += 20;
      later += await letInOf(servers, principals, 1);
    }
    expect(later).toBe(20);
    clock.nowMs += 60_000;
    expect(await letInOf(servers, principals, 5)).toBe(3);
    clock.nowMs = midnightMs;
    expect(await letInOf(servers, principals, 5)).toBe(7);
  });

  test("a principal past its own rate uses up nothing of its tenant's", async () => {
    const total = { ratePerSecond: 0.001, burst: 6, perDay: 100 };
    const { servers, store } = start({ ...open, ratePerSecond: 0.001, burst: 2, tenantTotals: [total] });
    for (let round = 0; round < 5; round++) await letInOf(servers, [anna], 9);
    expect(await store.get(countKey(anna, { isOfTenant: true }, today))).toBe("2");
    expect(await letInOf(servers, [bert, carl], 9)).toBe(4);
  });

  test("a principal whose day is used up uses up nothing of its tenant's", async () => {
    const total = { ratePerSecond: 0.001, burst: 6, perDay: 100 };
    const { servers, store } = start({ ...open, perDay: 2, tenantTotals: [total] });
    for (let round = 0; round < 5; round++) await letInOf(servers, [anna], 9);
    expect(await store.get(countKey(anna, { isOfTenant: true }, today))).toBe("2");
    expect(await letInOf(servers, [bert], 9)).toBe(2);
    expect(await letInOf(servers, [carl], 9)).toBe(2);
  });

  test("a call past the total uses up nothing of its principal's", async () => {
    const total = { ratePerSecond: 1, burst: 3, perDay: 6 };
    const own = { ...open, ratePerSecond: 0.001, burst: 4, perDay: 4 };
    const { servers, clock, store } = start({ ...own, tenantTotals: [total] });
    expect(await letInOf(servers, [bert], 3)).toBe(3);
    for (let round = 0; round < 5; round++) expect(await letInOf(servers, [anna], 2)).toBe(0);
    clock.nowMs += 60_000;
    expect(await letInOf(servers, [anna], 9)).toBe(3);
    expect(await letInOf(servers, [anna], 9)).toBe(0);
    expect(await store.get(countKey(anna, {}, today))).toBe("3");
    expect(await store.get(countKey(anna, { isOfTenant: true }, today))).toBe("6");
  });
});

test("what others use up on another server costs a principal nothing on its own", async () => {
  const total = { ratePerSecond: 1, burst: 5 };
  const { servers, clock } = sharing(2, { ...open, ratePerSecond: 0.001, burst: 2, tenantTotals: [total] });
  const [one, two] = servers as [Limited, Limited];
  expect(await letInOf([one], [bert, carl, { ...anna, id: "dora" }], 2)).toBe(5);
  for (let call = 0; call < 4; call++) expect(await two.call(anna)).toBe("throttled");
  clock.nowMs += 60_000;
  expect(await letIn(two, 9, anna)).toBe(2);
});

test("of those who find no place none uses up anything of its tenant's rate", async () => {
  const total = { ratePerSecond: 0.001, burst: 3 };
  const server = limited({ ...open, concurrency: 1, queue: 0, tenantTotals: [total] });
  expect(await letIn(server, 20, anna)).toBe(1);
  expect(await server.call(bert)).toBe("completed");
  expect(await server.call(carl)).toBe("completed");
  expect(await server.call(bert)).toBe("throttled");
});

test("with a store that cannot be reached nobody of the tenant is let in, and nothing stays counted or held", async () => {
  const { store, servers } = sharing(1, {
    ...open,
    perDay: 9,
    concurrency: 1,
    queue: 0,
    tenantTotals: [{ perDay: 5 }],
  });
  const [server] = servers as [Limited];
  const { increment } = store;
  store.increment = (key, limits) =>
    key.name.endsWith("/tenant")
      ? Promise.reject(new ToolError("unavailable", "The state store does not answer."))
      : increment.call(store, key, limits);
  for (let call = 0; call < 3; call++) expect(await server.call()).toBe("unavailable");
  store.increment = increment;
  expect(await server.call()).toBe("completed");
  expect(await store.get(countKey(anna, {}, today))).toBe("1");
});

test("no principal's name meets the tenant's count", async () => {
  const server = limited({ ...open, perDay: 2, tenantTotals: [{ perDay: 3 }] });
  for (const id of ["tenant", "", "all/tenant", "../tenant"]) await server.call({ ...anna, id });
  expect(await server.call(bert)).toBe("throttled");
  expect(await server.call({ ...bert, tenantId: "acm" })).toBe("completed");
});
