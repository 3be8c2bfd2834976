import type { GuardedRequest, RetryBudget, ServiceGuard, ServiceTarget } from "../core/service-guard.ts";
import { Breaker, type BreakerSettings, type BreakerState } from "./breaker.ts";
import { createRetryBudget } from "./retry-budget.ts";

/** A breaker as operators see it. */
export interface BreakerReport extends ServiceTarget {
  state: BreakerState;
  /** Until a request is let through. Milliseconds. */
  retryAfterMs: number;
}

/** The breakers of one process. */
export interface Breakers extends ServiceGuard {
  /** Those of services that were called. */
  reports(): BreakerReport[];
}

export interface BreakersOptions {
  settings: BreakerSettings;
  /** Milliseconds of a clock that nobody sets. */
  now(): number;
  /** Told where a service is cut off, tried, and called again. */
  changed?: (target: ServiceTarget, state: BreakerState) => void;
}

/** One breaker and one retry budget for each service, account, role and region, made when it is first called. */
export function createBreakers({ settings, now, changed }: BreakersOptions): Breakers {
  const made = new Map<string, { target: ServiceTarget; breaker: Breaker; retries: RetryBudget }>();
  const partsOf = (target: ServiceTarget) => {
    const { service, region, account, role } = target;
    const key = JSON.stringify([service, region, account, role]);
    const known = made.get(key);
    if (known) return known;
    const breaker = new Breaker({
      settings,
      // Agents read it: it names no account.
      name: serviceName({ service, region }),
      now,
      changed: (state) => changed?.(target, state),
    });
    const parts = { target, breaker, retries: createRetryBudget() };
    made.set(key, parts);
    return parts;
  };
  return {
    run: <T>(target: ServiceTarget, request: GuardedRequest<T>) => partsOf(target).breaker.run(request),
    retries: (target) => partsOf(target).retries,
    reports: () =>
      [...made.values()].map(({ target, breaker }) => ({
        ...target,
        state: breaker.state,
        retryAfterMs: breaker.retryAfterMs(),
      })),
  };
}

/** `s3 in eu-central-1`. */
export function serviceName({ service, region, account }: ServiceTarget): string {
  return `${service} in ${region}${account === undefined ? "" : ` of account ${account}`}`;
}
