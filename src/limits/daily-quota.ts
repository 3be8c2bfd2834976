import type { Principal } from "../core/principal.ts";
import type { StateStore } from "../state/store.ts";
import { countKey } from "./count-key.ts";
import type { Rule } from "./rules.ts";

const dayMs = 24 * 3_600_000;

/** What became of counting one call. */
export interface DayCounted {
  isAccepted: boolean;
  remaining: number;
  /** The next 00:00 UTC, in milliseconds since the epoch. */
  resetsAtMs: number;
  nowMs: number;
}

/** Calls counted by the day (UTC) in a store. */
export class DailyQuota {
  readonly #store: StateStore;
  readonly #now: () => number;

  constructor(store: StateStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Counts one call, unless the day's are used up. Throws `unavailable` when the store cannot be asked. */
  async count(principal: Principal, rule: Rule & { perDay: number }): Promise<DayCounted> {
    const nowMs = this.#now();
    const resetsAtMs = (Math.floor(nowMs / dayMs) + 1) * dayMs;
    // Kept for another day: where a clock goes back over midnight, the count must still be there.
    const limits = { most: rule.perDay, expiresAtMs: resetsAtMs + dayMs };
    const { isAccepted, count } = await this.#store.increment(keyOf(principal, rule, nowMs), limits);
    return { isAccepted, remaining: Math.max(0, rule.perDay - count), resetsAtMs, nowMs };
  }

  /** Takes back what `count` counted at that time, for a call that was not let in after all. */
  async takeBack(principal: Principal, rule: Rule, nowMs: number): Promise<void> {
    await this.#store.decrement(keyOf(principal, rule, nowMs));
  }
}

function keyOf(principal: Principal, rule: Rule, nowMs: number) {
  return countKey(principal, rule, `day/${new Date(nowMs).toISOString().slice(0, 10)}`);
}
