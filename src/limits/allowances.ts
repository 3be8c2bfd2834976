import type { Allowance } from "../core/steps.ts";
import type { DayCounted } from "./daily-quota.ts";
import type { DailyRule, RatedRule, Rule } from "./rules.ts";
import type { Taken } from "./token-bucket.ts";

/** What the limits of one call have left. What is told last of one of them holds. */
export class Allowances {
  readonly #byName = new Map<string, Allowance>();

  get all(): readonly Allowance[] {
    return [...this.#byName.values()];
  }

  tellRate(rule: RatedRule, { remaining, fullAtMs }: Taken, nowMs: number): void {
    const { perSecond } = rule.rate;
    this.#tell({
      name: nameOf(rule, "rate"),
      calls: Math.max(1, Math.floor(perSecond)),
      windowMs: Math.max(1_000, Math.ceil(1_000 / perSecond)),
      remaining,
      resetMs: Math.max(0, Math.ceil(fullAtMs - nowMs)),
    });
  }

  tellDay(rule: DailyRule, { remaining, resetsAtMs, nowMs }: DayCounted): void {
    const resetMs = resetsAtMs - nowMs;
    this.#tell({ name: nameOf(rule, "day"), calls: rule.perDay, windowMs: 86_400_000, remaining, resetMs });
  }

  #tell(allowance: Allowance): void {
    this.#byName.set(allowance.name, allowance);
  }
}

function nameOf({ tool, isOfTenant }: Rule, name: string): string {
  if (isOfTenant) return `tenant-${name}`;
  return tool === undefined ? name : `${tool}-${name}`;
}
