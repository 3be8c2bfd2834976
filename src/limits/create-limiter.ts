import type { Call, Limiter } from "../core/steps.ts";
import type { StateStore } from "../state/store.ts";
import { CountedCall } from "./counted-call.ts";
import { DailyQuota } from "./daily-quota.ts";
import { Places } from "./places.ts";
import { Rates } from "./rates.ts";
import { createRules } from "./rules.ts";
import type { LimitSettings } from "./settings.ts";
import { Streams } from "./streams.ts";

export interface LimiterDeps {
  store: StateStore;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A limiter that says how many calls and streams it has let in. */
export interface CountingLimiter extends Limiter {
  /** Calls that run now, calls that wait for a place, and streams that are open. */
  use(): { taken: number; waiting: number; streams: number };
}

/**
 * Rate, then a place to run in, then the day's quota: what is refused early costs nothing that comes later. Who
 * is counted is the verified principal, and its tenant, and nothing a request says beside. A shared store that cannot be
 * asked lets nobody in who is counted there.
 */
export function createLimiter(settings: LimitSettings, { store, now }: LimiterDeps): CountingLimiter {
  const findRules = createRules(settings);
  const counters = { rates: new Rates(store, now), quota: new DailyQuota(store, now) };
  const places = new Places(settings);
  const streams = new Streams(settings);
  const counted = new WeakMap<Call, CountedCall>();
  return {
    use: () => ({ ...places.use, streams: streams.open }),
    openStream: (principal) => streams.take(principal),
    allowances: (call) => counted.get(call)?.told.all ?? [],
    async admit(call, signal) {
      const rules = findRules(call.principal, call.tool);
      if (rules.length === 0) return places.take(signal);
      const one = new CountedCall(call.principal, rules, counters);
      counted.set(call, one);
      one.takeHere();
      const release = await places.take(signal).catch((thrown: unknown) => {
        one.leave();
        throw thrown;
      });
      try {
        await one.takeInStore();
        return release;
      } catch (thrown) {
        release();
        throw thrown;
      }
    },
  };
}
