import { expect, test } from "vitest";
import { Buckets } from "./buckets.ts";
import { type Rate, takeToken } from "./token-bucket.ts";

const startMs = Date.UTC(2026, 10, 25, 12);

/** Times, in milliseconds after the start, at which tokens were taken by one who asks every `everyMs`. */
function takenTimes(rate: Rate, everyMs: number, forMs: number): number[] {
  let fullAtMs: number | undefined;
  const times: number[] = [];
  for (let ms = 0; ms < forMs; ms += everyMs) {
    const taken = takeToken(rate, fullAtMs, startMs + ms);
    fullAtMs = taken.fullAtMs;
    if (taken.isTaken) times.push(ms);
  }
  return times;
}

test.each([
  [{ perSecond: 10, burst: 5 }, [0, 1, 2, 3, 4, 100, 200, 300]],
  [{ perSecond: 10, burst: 1 }, [0, 100, 200, 300]],
  [{ perSecond: 0.5, burst: 2 }, [0, 1, 2_000, 4_000]],
  [{ perSecond: 3, burst: 1 }, [0, 334, 668, 1_002]],
  [{ perSecond: 3, burst: 2 }, [0, 1, 334, 667, 1_000]],
])("at %j tokens come at %j", (rate, times) => {
  expect(takenTimes(rate, 1, 5_000).slice(0, times.length)).toEqual(times);
});

test.each([0.001, 1 / 3, 7, 999.9, 1_000_000])(
  "whoever waits as long as was said gets a token, at %f a second",
  (perSecond) => {
    const rate = { perSecond, burst: 3 };
    let fullAtMs: number | undefined;
    let nowMs = startMs;
    for (let call = 0; call < 1_000; call++) {
      let taken = takeToken(rate, fullAtMs, nowMs);
      if (!taken.isTaken) {
        nowMs += taken.waitMs;
        taken = takeToken(rate, taken.fullAtMs, nowMs);
      }
      expect(taken.isTaken).toBe(true);
      fullAtMs = taken.fullAtMs;
    }
    const atLeastMs = ((1_000 - rate.burst) / perSecond) * 1_000;
    expect(nowMs - startMs).toBeGreaterThan(atLeastMs - 1);
    expect(nowMs - startMs).toBeLessThan(atLeastMs * 1.01 + 1_010);
  },
);

test("a clock that goes back gives no tokens and takes none for long", () => {
  const rate = { perSecond: 10, burst: 5 };
  const twentyMinutesMs = 20 * 60_000;
  let fullAtMs: number | undefined;
  for (let call = 0; call < 3; call++) fullAtMs = takeToken(rate, fullAtMs, startMs).fullAtMs;
  const back = takeToken(rate, fullAtMs, startMs - twentyMinutesMs);
  expect(back).toMatchObject({ isTaken: false, waitMs: 100 });
  expect(takeToken(rate, back.fullAtMs, startMs - twentyMinutesMs + 100)).toMatchObject({ isTaken: true });
  const littleBack = takeToken(rate, fullAtMs, startMs - 200);
  expect(littleBack).toMatchObject({ isTaken: false, waitMs: 100 });
});

test("a million principals leave no million buckets behind", () => {
  const buckets = new Buckets();
  const rate = { perSecond: 10, burst: 5 };
  for (let index = 0; index < 1_000_000; index++)
    buckets.take([{ key: `principal-${index}`, rate }], startMs + Math.floor(index / 100));
  expect(buckets.size).toBeLessThanOrEqual(100_000);
  const crowd = new Buckets(1_000);
  for (let index = 0; index < 5_000; index++) crowd.take([{ key: `principal-${index}`, rate }], startMs);
  expect(crowd.size).toBeLessThanOrEqual(1_000);
});

test("a call that one bucket refuses takes nothing from the other", () => {
  const buckets = new Buckets();
  const both = [
    { key: "tool", rate: { perSecond: 1, burst: 1 } },
    { key: "all", rate: { perSecond: 1, burst: 2 } },
  ];
  const all = both.slice(1);
  const isTaken = (requests: typeof both) => buckets.take(requests, startMs).map((taken) => taken.isTaken);
  expect(isTaken(both)).toEqual([true, true]);
  expect(isTaken(both)).toEqual([false, true]);
  expect(isTaken(all)).toEqual([true]);
  expect(isTaken(all)).toEqual([false]);
});
