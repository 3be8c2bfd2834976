import type { Principal } from "../core/principal.ts";
import type { Tool } from "../core/tool.ts";
import type { Bound, LimitOverride, LimitSettings, TenantTotal } from "./settings.ts";
import type { Rate } from "./token-bucket.ts";

/** One set of bounds that a call must keep. */
export interface Rule {
  /** What is counted: every call, or those of one tool. */
  tool?: string;
  /** Whose calls are counted: the principal's, or those of its whole tenant. */
  isOfTenant?: boolean;
  rate?: Rate;
  perDay?: number;
}

export type RatedRule = Rule & { rate: Rate };
export type DailyRule = Rule & { perDay: number };

/** The rules for a call of this principal, the tool's own first and its tenant's last. None where nothing bounds it. */
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
  const totals = byTenant(settings.tenantTotals);
  return ({ tenantId, via }, { name }) => {
    const local = via === "local" ? settings.local : { rate: true, perDay: true };
    const tenants = ofTool.get(name);
    const general = generalRule(settings, ofTenant.get(tenantId) ?? {}, local);
    const total = totalRule(totals.get(tenantId), totals.get(undefined));
    const ofThisTool =
      tenants && toolRule(name, tenants.get(tenantId), tenants.get(undefined), settings.burst);
    return [ofThisTool, general, total].filter(isBounding);
  };
}

function byTenant<T extends { tenantId?: string | undefined }>(
  entries: readonly T[],
): ReadonlyMap<string | undefined, T> {
  return new Map(entries.map((entry) => [entry.tenantId, entry]));
}

/** What a tenant's own total does not say, that of each tenant says. */
function totalRule(own: TenantTotal = {}, ofEach: TenantTotal = {}): Rule {
  const { ratePerSecond = "unlimited", burst = 1 } = own.ratePerSecond === undefined ? ofEach : own;
  const { perDay = "unlimited" } = own.perDay === undefined ? ofEach : own;
  return { isOfTenant: true, ...rateOf(ratePerSecond, burst), ...quotaOf(perDay) };
}

function generalRule(
  settings: LimitSettings,
  override: LimitOverride,
  local: Pick<LimitSettings["local"], "rate" | "perDay">,
): Rule {
  const { ratePerSecond = local.rate ? settings.ratePerSecond : "unlimited" } = override;
  const { perDay = local.perDay ? settings.perDay : "unlimited", burst = settings.burst } = override;
  return { ...rateOf(ratePerSecond, burst), ...quotaOf(perDay) };
}

/** What the tenant's own override does not say, that of every tenant says. */
function toolRule(
  tool: string,
  own: LimitOverride = {},
  ofEach: LimitOverride = {},
  usualBurst: number,
): Rule {
  const { ratePerSecond = "unlimited", burst = usualBurst } = own.ratePerSecond === undefined ? ofEach : own;
  const { perDay = "unlimited" } = own.perDay === undefined ? ofEach : own;
  return { tool, ...rateOf(ratePerSecond, burst), ...quotaOf(perDay) };
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
