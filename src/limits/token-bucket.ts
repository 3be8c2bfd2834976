/** How fast a bucket fills, in tokens a second, and how many it holds. Both above zero. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** What became of taking one token. */
export interface Taken {
  isTaken: boolean;
  /** When the bucket will be full: all there is to remember of it. A time that has passed says as much as none. */
  fullAtMs: number;
  /** Until there is a token again; 0 where one was taken. */
  waitMs: number;
  /** Whole tokens left. */
  remaining: number;
}

/** When the bucket is full, of which a token is given back that was taken. Milliseconds since the epoch. */
export function withoutToken(rate: Rate, fullAtMs: number): number {
  return fullAtMs - 1_000 / rate.perSecond;
}

/** Clocks of servers that share a bucket may differ by this much. */
const clockToleranceMs = 1_000;
/** A thousandth of a millisecond is rounding, not waiting. */
const roundingMs = 0.01;

/** Whether a bucket of this rate could be full at that time only, by a clock that was not set since. */
export function isPossible(rate: Rate, fullAtMs: number, nowMs: number): boolean {
  return fullAtMs - nowMs <= (rate.burst * 1_000) / rate.perSecond + clockToleranceMs;
}

/**
 * Takes a token from the bucket that is full at `fullAtMs` (milliseconds since the epoch; `undefined`: it is full).
 * A time that no bucket of this rate could have means that the clock went back: the bucket then counts as
 * empty now, so that nobody waits for the old time to come again.
 * Source: generic cell rate algorithm, ITU-T I.371, written with the time of a full bucket.
 */
export function takeToken(rate: Rate, fullAtMs: number | undefined, nowMs: number): Taken {
  const tokenMs = 1_000 / rate.perSecond;
  const capacityMs = rate.burst * tokenMs;
  const missingMs = Math.max(0, (fullAtMs ?? nowMs) - nowMs);
  const usedMs = isPossible(rate, nowMs + missingMs, nowMs) ? missingMs : capacityMs;
  const overMs = usedMs + tokenMs - capacityMs;
  if (overMs > roundingMs) {
    return { isTaken: false, fullAtMs: nowMs + usedMs, waitMs: Math.ceil(overMs), remaining: 0 };
  }
  const remaining = Math.max(0, Math.floor((capacityMs - usedMs - tokenMs + roundingMs) / tokenMs));
  return { isTaken: true, fullAtMs: nowMs + usedMs + tokenMs, waitMs: 0, remaining };
}
