import { expect, test } from "vitest";
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
