import type { Principal } from "../core/principal.ts";
import type { Allowances } from "./allowances.ts";
import type { DailyQuota } from "./daily-quota.ts";
import { dayUsedUp } from "./refusals.ts";
import type { DailyRule } from "./rules.ts";

/** What one call was counted under. */
export class DayCounts {
  readonly #quota: DailyQuota;
  readonly #principal: Principal;
  readonly #told: Allowances;
  readonly #counted: { rule: DailyRule; nowMs: number }[] = [];

  constructor(quota: DailyQuota, principal: Principal, told: Allowances) {
    this.#quota = quota;
    this.#principal = principal;
    this.#told = told;
  }

  /** Counts the call under each rule until one refuses. Throws `throttled`, or `unavailable`. */
  async count(rules: readonly DailyRule[]): Promise<void> {
    for (const rule of rules) {
      const counted = await this.#quota.count(this.#principal, rule);
      this.#told.tellDay(rule, counted);
      if (!counted.isAccepted) throw dayUsedUp(rule, counted);
      this.#counted.push({ rule, nowMs: counted.nowMs });
    }
  }

  /** What cannot be taken back stays counted: somebody has one call less, never one more. */
  async takeBack(): Promise<void> {
    for (const { rule, nowMs } of this.#counted.splice(0))
      await this.#quota.takeBack(this.#principal, rule, nowMs).catch(() => {});
  }
}
