import { expect, test } from "vitest";
import { localPrincipal } from "../core/principal.ts";
import { MemoryStore } from "../state/memory-store.ts";
import { DailyQuota } from "./daily-quota.ts";
import { SharedBuckets } from "./shared-buckets.ts";
import { takeToken } from "./token-bucket.ts";

const rate = { perSecond: 10, burst: 5 };
const minutes20Ms = 20 * 60_000;

test.each([-minutes20Ms, minutes20Ms])(
  "an empty bucket is no longer empty than it takes to fill, though the clock is set by %d ms",
  (setMs) => {
    const nowMs = 1_800_000_000_000;
    let fullAtMs: number | undefined;
    for (let call = 0; call < 5; call++) fullAtMs = takeToken(rate, fullAtMs, nowMs).fullAtMs;
    expect(takeToken(rate, fullAtMs, nowMs).isTaken).toBe(false);
    const set = takeToken(rate, fullAtMs, nowMs + setMs);
    expect(set.waitMs).toBeLessThanOrEqual(100);
    expect(takeToken(rate, set.fullAtMs, nowMs + setMs + 500).isTaken).toBe(true);
  },
);

const key = { tenantId: "acme", name: "rate" };
const { perSecond, burst } = rate;

/** Calls to each server every 10 ms for 10 s. */
async function calledThrough(servers: readonly SharedBuckets[], step: () => void): Promise<number[]> {
  const taken = servers.map(() => 0);
  for (let call = 0; call < 1_000; call++) {
    for (const [at, server] of servers.entries())
      if ((await server.take(key, rate)).isTaken) taken[at] = (taken[at] ?? 0) + 1;
    step();
  }
  return taken;
}

test.each([-minutes20Ms, -2_000, 2_000, minutes20Ms])(
  "of two servers that share a bucket, one with a clock that is %d ms off, each keeps to the rate",
  async (offMs) => {
    let nowMs = 1_800_000_000_000;
    const store = new MemoryStore({ now: () => nowMs });
    const servers = [new SharedBuckets(store, () => nowMs + offMs), new SharedBuckets(store, () => nowMs)];
    for (const taken of await calledThrough(servers, () => {
      nowMs += 10;
    })) {
      expect(taken).toBeLessThanOrEqual(burst + 10 * perSecond);
      expect(taken).toBeGreaterThan(9 * perSecond);
    }
  },
);

test("those whose clocks agree keep to it together", async () => {
  let nowMs = 1_800_000_000_000;
  const store = new MemoryStore({ now: () => nowMs });
  const servers = [0, 0, 0].map(() => new SharedBuckets(store, () => nowMs));
  const taken = await calledThrough(servers, () => {
    nowMs += 10;
  });
  expect(taken.reduce((sum, one) => sum + one)).toBeLessThanOrEqual(burst + 10 * perSecond);
  expect(taken.reduce((sum, one) => sum + one)).toBeGreaterThan(10 * perSecond);
});

test.each([-minutes20Ms, minutes20Ms])(
  "a clock that is set by %d ms neither empties nor fills a shared bucket for longer than it takes to fill",
  async (setMs) => {
    let [nowMs, call] = [1_800_000_000_000, 0];
    const store = new MemoryStore({ now: () => nowMs });
    const [taken = 0] = await calledThrough([new SharedBuckets(store, () => nowMs)], () => {
      nowMs += ++call === 500 ? setMs : 10;
    });
    expect(taken).toBeGreaterThan(9 * perSecond);
    expect(taken).toBeLessThanOrEqual(2 * burst + 10 * perSecond);
  },
);

test.each([-minutes20Ms, minutes20Ms])(
  "a clock that is set by %d ms over midnight gives no day's calls twice",
  async (setMs) => {
    let nowMs = Date.UTC(2026, 10, 26, 23, 50);
    if (setMs < 0) nowMs += minutes20Ms;
    const store = new MemoryStore({ now: () => nowMs });
    const quota = new DailyQuota(store, () => nowMs);
    const rule = { name: "limits", scope: "principal", perDay: 3 } as unknown as Parameters<
      DailyQuota["count"]
    >[1];
    const countFive = async () => {
      let accepted = 0;
      for (let call = 0; call < 5; call++)
        if ((await quota.count(localPrincipal, rule)).isAccepted) accepted++;
      return accepted;
    };
    const first = await countFive();
    nowMs += setMs;
    const other = await countFive();
    nowMs -= setMs;
    expect([first, other, await countFive()]).toEqual([3, 3, 0]);
  },
);
