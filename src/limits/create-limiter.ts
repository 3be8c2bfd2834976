import type { Allowance, Call, Limiter } from "../core/steps.ts";
import type { StateStore } from "../state/store.ts";
import { Buckets } from "./buckets.ts";
import { countKey } from "./count-key.ts";
import { DailyQuota } from "./daily-quota.ts";
import { Places } from "./places.ts";
import { dayUsedUp, tooFast } from "./refusals.ts";
import { createRules, type Rule } from "./rules.ts";
import type { LimitSettings } from "./settings.ts";
import { SharedBuckets } from "./shared-buckets.ts";
import type { Rate, Taken } from "./token-bucket.ts";

export interface LimiterDeps {
  store: StateStore;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** A limiter that says how many calls it has let in. */
export interface CountingLimiter extends Limiter {
  /** Calls that run now, and calls that wait for a place. */
  use(): { taken: number; waiting: number };
}

type RatedRule = Rule & { rate: Rate };
type DailyRule = Rule & { perDay: number };
type Tell = (allowance: Allowance) => void;

/**
 * Rate, then a place to run in, then the day's quota: what is refused early costs nothing that comes later. Who
 * is counted is the verified principal and nothing a request says beside. A shared store that cannot be asked
 * lets nobody in who is counted there.
 */
export function createLimiter(settings: LimitSettings, { store, now }: LimiterDeps): CountingLimiter {
  const findRules = createRules(settings);
  const rates = createRates(store, now);
  const quota = new DailyQuota(store, now);
  const places = new Places(settings);
  const told = new WeakMap<Call, Allowance[]>();
  return {
    use: () => places.use,
    allowances: (call) => told.get(call) ?? [],
    async admit(call, signal) {
      const rules = findRules(call.principal, call.tool);
      if (rules.length === 0) return places.take(signal);
      const allowances: Allowance[] = [];
      told.set(call, allowances);
      const tell: Tell = (allowance) => allowances.push(allowance);
      const rated = rules.filter((rule): rule is RatedRule => rule.rate !== undefined);
      rates.takeHere(call, rated, tell);
      const release = await places.take(signal);
      try {
        await rates.takeShared(call, rated);
        const daily = rules.filter((rule): rule is DailyRule => rule.perDay !== undefined);
        await countDay(quota, call, daily, tell);
        return release;
      } catch (thrown) {
        release();
        throw thrown;
      }
    },
  };
}

/** The buckets of this process bound it at once; those in a shared store bound all servers together. */
function createRates(store: StateStore, now: () => number) {
  const here = new Buckets();
  const shared = store.isShared ? new SharedBuckets(store, now) : undefined;
  const check = (rule: RatedRule, { isTaken, waitMs }: Taken) => {
    if (!isTaken) throw tooFast({ tool: rule.tool, rate: rule.rate, waitMs });
  };
  return {
    takeHere({ principal }: Call, rules: readonly RatedRule[], tell: Tell): void {
      const requests = rules.map((rule) => ({
        key: nameOf(countKey(principal, rule, "rate")),
        rate: rule.rate,
      }));
      const nowMs = now();
      const taken = here.take(requests, nowMs);
      const both = rules.flatMap((rule, index) => {
        const one = taken[index];
        return one ? [{ rule, one }] : [];
      });
      for (const { rule, one } of both) tell(rateAllowance(rule, one, nowMs));
      for (const { rule, one } of both) check(rule, one);
    },
    async takeShared({ principal }: Call, rules: readonly RatedRule[]): Promise<void> {
      if (!shared) return;
      for (const rule of rules) check(rule, await shared.take(countKey(principal, rule, "rate"), rule.rate));
    },
  };
}

function nameOf({ tenantId, name }: { tenantId: string; name: string }): string {
  return `${tenantId.length}:${tenantId}${name}`;
}

async function countDay(
  quota: DailyQuota,
  call: Call,
  rules: readonly DailyRule[],
  tell: Tell,
): Promise<void> {
  const counted: { rule: DailyRule; nowMs: number }[] = [];
  try {
    for (const rule of rules) {
      const { perDay, tool } = rule;
      const { isAccepted, remaining, resetsAtMs, nowMs } = await quota.count(call.principal, rule);
      tell({
        ...named(rule, "day"),
        calls: perDay,
        windowMs: 86_400_000,
        remaining,
        resetMs: resetsAtMs - nowMs,
      });
      if (!isAccepted) throw dayUsedUp({ tool, perDay, resetsAtMs, nowMs });
      counted.push({ rule, nowMs });
    }
  } catch (thrown) {
    // What cannot be taken back stays counted: the principal has one call less, never one more.
    for (const { rule, nowMs } of counted) await quota.takeBack(call.principal, rule, nowMs).catch(() => {});
    throw thrown;
  }
}

function rateAllowance(rule: RatedRule, { remaining, fullAtMs }: Taken, nowMs: number): Allowance {
  const { perSecond } = rule.rate;
  const windowMs = Math.max(1_000, Math.ceil(1_000 / perSecond));
  const calls = Math.max(1, Math.floor(perSecond));
  return { ...named(rule, "rate"), calls, windowMs, remaining, resetMs: Math.ceil(fullAtMs - nowMs) };
}

function named({ tool }: Rule, name: string): Pick<Allowance, "name"> {
  return { name: tool === undefined ? name : `${tool}-${name}` };
}
