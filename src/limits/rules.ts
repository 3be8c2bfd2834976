import type { Principal } from "../core/principal.ts";
import type { Tool } from "../core/tool.ts";
import type { Bound, LimitOverride, LimitSettings } from "./settings.ts";
import type { Rate } from "./token-bucket.ts";

/** One set of bounds that a call must keep. */
export interface Rule {
  /** What is counted: every call of the principal, or those of one tool. */
  tool?: string;
  rate?: Rate;
  perDay?: number;
}

/** The rules for a call of this principal, the tool's own first. None where nothing bounds it. */
export type FindRules = (principal: Principal, tool: Tool) => readonly Rule[];

/** Reads the settings once, so that a call looks up little. */
export function createRules(settings: LimitSettings): FindRules {
  const ofTenant = byTenant(settings.overrides.filter(({ tool }) => tool === undefined));
  const ofTool = new Map<string, Map<string | undefined, LimitOverride>>();
  for (const override of settings.overrides) {
    if (override.tool === undefined) continue;
    const tenants = ofTool.get(override.tool) ?? new Map();
    ofTool.set(override.tool, tenants.set(override.tenantId, override));
  }
  return ({ tenantId, via }, { name }) => {
    const local = via === "local" ? settings.local : { rate: true, perDay: true };
    const tenants = ofTool.get(name);
    const toolOverride = tenants?.get(tenantId) ?? tenants?.get(undefined);
    const general = generalRule(settings, ofTenant.get(tenantId) ?? {}, local);
    return [toolOverride && toolRule(name, toolOverride, settings.burst), general].filter(isBounding);
  };
}

function byTenant(overrides: readonly LimitOverride[]): ReadonlyMap<string | undefined, LimitOverride> {
  return new Map(overrides.map((override) => [override.tenantId, override]));
}

function generalRule(settings: LimitSettings, override: LimitOverride, local: LimitSettings["local"]): Rule {
  const { ratePerSecond = local.rate ? settings.ratePerSecond : "unlimited" } = override;
  const { perDay = local.perDay ? settings.perDay : "unlimited", burst = settings.burst } = override;
  return { ...rateOf(ratePerSecond, burst), ...quotaOf(perDay) };
}

function toolRule(
  tool: string,
  { ratePerSecond = "unlimited", perDay = "unlimited", burst }: LimitOverride,
  usualBurst: number,
): Rule {
  return { tool, ...rateOf(ratePerSecond, burst ?? usualBurst), ...quotaOf(perDay) };
}

function rateOf(perSecond: Bound, burst: number): Pick<Rule, "rate"> {
  return perSecond === "unlimited" ? {} : { rate: { perSecond, burst } };
}

function quotaOf(perDay: Bound): Pick<Rule, "perDay"> {
  return perDay === "unlimited" ? {} : { perDay };
}

function isBounding(rule: Rule | undefined): rule is Rule {
  return rule?.rate !== undefined || rule?.perDay !== undefined;
}
