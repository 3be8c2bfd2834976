import { ToolError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import { Allowances } from "./allowances.ts";
import type { DailyQuota } from "./daily-quota.ts";
import { DayCounts } from "./day-counts.ts";
import type { Rates } from "./rates.ts";
import type { DailyRule, RatedRule, Rule } from "./rules.ts";

/** Where calls are counted. */
export interface Counters {
  rates: Rates;
  quota: DailyQuota;
}

/**
 * One call before the limits that count it: first its principal's own, then the total of its tenant. What refuses it gives
 * back what it took from the other side, so that neither is used up by calls that were never let in.
 */
export class CountedCall {
  readonly told = new Allowances();
  readonly #rates: Rates;
  readonly #days: DayCounts;
  readonly #principal: Principal;
  readonly #own: Bounds;
  readonly #total: Bounds;

  constructor(principal: Principal, rules: readonly Rule[], { rates, quota }: Counters) {
    this.#rates = rates;
    this.#days = new DayCounts(quota, principal, this.told);
    this.#principal = principal;
    this.#own = boundsOf(rules.filter(({ isOfTenant }) => !isOfTenant));
    this.#total = boundsOf(rules.filter(({ isOfTenant }) => isOfTenant));
  }

  /** Asks no store. Takes nothing where it throws `throttled`. */
  takeHere(): void {
    const rated = [...this.#own.rated, ...this.#total.rated];
    this.#rates.takeHere(this.#principal, rated, this.told);
    try {
      this.#rates.checkShared(this.#principal, this.#total.rated, this.told);
    } catch (thrown) {
      this.#rates.giveBackHere(this.#principal, rated);
      throw thrown;
    }
  }

  /** Of a call that gets no place: what its principal took paces it, and its tenant's others are not to pay for it. */
  leave(): void {
    this.#rates.giveBackHere(this.#principal, this.#total.rated);
  }

  /** Throws `throttled`, or `unavailable` where the store cannot be asked. */
  async takeInStore(): Promise<void> {
    try {
      await this.#takeOwn();
      // Most have none, and every promise of a call is paid for by all of them.
      if (this.#total.daily.length > 0 || this.#total.rated.length > 0) await this.#takeTotal();
    } catch (thrown) {
      await this.#days.takeBack();
      throw thrown;
    }
  }

  async #takeOwn(): Promise<void> {
    try {
      await this.#rates.takeShared(this.#principal, this.#own.rated, this.told);
      await this.#days.count(this.#own.daily);
    } catch (thrown) {
      this.leave();
      throw thrown;
    }
  }

  async #takeTotal(): Promise<void> {
    try {
      await this.#rates.takeShared(this.#principal, this.#total.rated, this.told);
    } catch (thrown) {
      if (isRefusal(thrown)) {
        this.#rates.giveBackHere(this.#principal, this.#own.rated);
        await this.#rates.giveBackShared(this.#principal, this.#own.rated);
      }
      throw thrown;
    }
    // Past this one the rate stays taken: until midnight it is all that keeps the store from being asked without end.
    await this.#days.count(this.#total.daily);
  }
}

interface Bounds {
  rated: readonly RatedRule[];
  daily: readonly DailyRule[];
}

function boundsOf(rules: readonly Rule[]): Bounds {
  return {
    rated: rules.filter((rule): rule is RatedRule => rule.rate !== undefined),
    daily: rules.filter((rule): rule is DailyRule => rule.perDay !== undefined),
  };
}

function isRefusal(thrown: unknown): boolean {
  return thrown instanceof ToolError && thrown.code === "throttled";
}
