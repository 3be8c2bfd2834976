import type { Principal } from "../core/principal.ts";
import { keyText } from "../state/key-text.ts";
import type { StateStore } from "../state/store.ts";
import type { Allowances } from "./allowances.ts";
import { Buckets } from "./buckets.ts";
import { countKey } from "./count-key.ts";
import { tooFast } from "./refusals.ts";
import type { RatedRule } from "./rules.ts";
import { SharedBuckets } from "./shared-buckets.ts";
import type { Taken } from "./token-bucket.ts";

/** The buckets of this process bound it at once; those in a shared store bound all servers together. */
export class Rates {
  readonly #here = new Buckets();
  readonly #shared: SharedBuckets | undefined;
  readonly #now: () => number;

  constructor(store: StateStore, now: () => number) {
    this.#shared = store.isShared ? new SharedBuckets(store, now) : undefined;
    this.#now = now;
  }

  /** Takes a token for each rule, or none where one refuses. Throws `throttled`. */
  takeHere(principal: Principal, rules: readonly RatedRule[], told: Allowances): void {
    const nowMs = this.#now();
    const taken = this.#here.take(requestsOf(principal, rules), nowMs);
    const both = rules.flatMap((rule, index) => {
      const one = taken[index];
      return one ? [{ rule, one }] : [];
    });
    for (const { rule, one } of both) told.tellRate(rule, one, nowMs);
    for (const { rule, one } of both) check(rule, one);
  }

  giveBackHere(principal: Principal, rules: readonly RatedRule[]): void {
    this.#here.giveBack(requestsOf(principal, rules));
  }

  /** Throws `throttled` where the shared bucket of a rule is known to be empty. */
  checkShared(principal: Principal, rules: readonly RatedRule[], told: Allowances): void {
    for (const rule of rules) {
      const refusal = this.#shared?.refusal(countKey(principal, rule, "rate"), rule.rate);
      if (refusal) this.#settle(rule, refusal, told);
    }
  }

  /** Takes a token for each rule until one refuses. Throws `throttled`, or `unavailable`. */
  async takeShared(principal: Principal, rules: readonly RatedRule[], told: Allowances): Promise<void> {
    if (!this.#shared) return;
    for (const rule of rules) {
      const taken = await this.#shared.take(countKey(principal, rule, "rate"), rule.rate);
      this.#settle(rule, taken, told);
    }
  }

  /** What cannot be given back stays taken. */
  async giveBackShared(principal: Principal, rules: readonly RatedRule[]): Promise<void> {
    for (const rule of rules) {
      await this.#shared?.giveBack(countKey(principal, rule, "rate"), rule.rate).catch(() => {});
    }
  }

  #settle(rule: RatedRule, taken: Taken, told: Allowances): void {
    told.tellRate(rule, taken, this.#now());
    check(rule, taken);
  }
}

function check(rule: RatedRule, { isTaken, waitMs }: Taken): void {
  if (!isTaken) throw tooFast(rule, waitMs);
}

function requestsOf(principal: Principal, rules: readonly RatedRule[]) {
  return rules.map((rule) => ({ key: keyText(countKey(principal, rule, "rate")), rate: rule.rate }));
}
