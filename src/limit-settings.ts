import { ConfigError } from "./config/config-error.ts";
import type { Settings } from "./config/schema.ts";
import { unknownTenant } from "./config/tenants.ts";
import type { Toolset } from "./core/registry.ts";
import { closest } from "./core/suggest.ts";
import type { LimitSettings } from "./limits/settings.ts";
import type { StateSettings } from "./state/settings.ts";

/**
 * The bounds of some, with each tool by its own name: an alias stands for its tool. Throws `ConfigError` for a name that
 * no tool has, and, where tenants are set, no tenant: a bound that was meant must not be missing by a typing mistake.
 */
export function limitsOfSome(
  available: readonly Toolset[],
  { limits, tenants }: Pick<Settings, "limits" | "tenants">,
): Pick<LimitSettings, "overrides" | "tenantTotals"> {
  const tenantIds = tenants && Object.keys(tenants);
  const names = new Map(
    available.flatMap(({ tools }) =>
      tools.flatMap(({ name, aliases }) =>
        [name, ...aliases.map((alias) => alias.name)].map((known) => [known, name] as const),
      ),
    ),
  );
  const problems: string[] = [];
  const checkTenant = (tenantId: string | undefined, setting: string) => {
    if (tenantId !== undefined && tenantIds?.includes(tenantId) === false)
      problems.push(`${setting}: ${unknownTenant(tenantId, tenantIds)}`);
  };
  const overrides = limits.overrides.map(({ tool: asked, tenant: tenantId, ...bounds }) => {
    const tool = asked === undefined ? undefined : names.get(asked);
    if (asked !== undefined && tool === undefined) problems.push(unknownTool(asked, [...names.keys()]));
    checkTenant(tenantId, "limits.overrides");
    return { ...bounds, tool, tenantId };
  });
  const named = overrides.map(({ tool, tenantId }) => JSON.stringify([tool, tenantId]));
  if (new Set(named).size < named.length)
    problems.push("limits.overrides: two are about one tool and tenant, by another of the tool's names");
  const tenantTotals = limits.tenantTotals.map(({ tenant: tenantId, ...bounds }) => {
    checkTenant(tenantId, "limits.tenantTotals");
    return { ...bounds, tenantId };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return { overrides, tenantTotals };
}

function unknownTool(asked: string, known: readonly string[]): string {
  const near = closest(asked, known);
  return `limits.overrides: "${asked}" is no tool${near ? `: did you mean "${near}"?` : ". See them with: sluice tools"}`;
}

/** Which bounds were set by somebody, and so hold for the local user too. */
export type SetLimits = LimitSettings["local"];

export const noneSet: SetLimits = Object.freeze({ rate: false, perDay: false, streams: false });

/** What the limiter is made from. A call may wait for a place no longer than it may take at all. */
export function limiterSettings(
  available: readonly Toolset[],
  settings: Settings,
  local: SetLimits,
): LimitSettings {
  const { limits, calls } = settings;
  const queueMs = Math.min(limits.queueMs, calls.timeoutMs);
  return { ...limits, queueMs, local, ...limitsOfSome(available, settings) };
}

/** The store that was chosen, with its own settings alone. The schema holds that they are there. */
export function stateSettings({ store, dynamodb, redis }: Settings["state"]): StateSettings {
  const { table = "" } = dynamodb;
  const { url = "" } = redis;
  if (store === "dynamodb") return { store, dynamodb: { ...dynamodb, table } };
  if (store === "redis") return { store, redis: { ...redis, url } };
  return { store };
}
