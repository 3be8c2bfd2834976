import { ConfigError } from "./config/config-error.ts";
import type { Settings } from "./config/schema.ts";
import { unknownTenant } from "./config/tenants.ts";
import type { Toolset } from "./core/registry.ts";
import { closest } from "./core/suggest.ts";
import type { LimitOverride, LimitSettings } from "./limits/settings.ts";
import type { StateSettings } from "./state/settings.ts";

/**
 * The overrides with each tool by its own name: an alias stands for its tool. Throws `ConfigError` for a name that
 * no tool has, and, where tenants are set, no tenant: a bound that was meant must not be missing by a typing mistake.
 */
export function limitOverrides(
  available: readonly Toolset[],
  { limits: { overrides }, tenants }: Pick<Settings, "limits" | "tenants">,
): LimitOverride[] {
  const tenantIds = tenants && Object.keys(tenants);
  const names = new Map(
    available.flatMap(({ tools }) =>
      tools.flatMap(({ name, aliases }) =>
        [name, ...aliases.map((alias) => alias.name)].map((known) => [known, name] as const),
      ),
    ),
  );
  const problems: string[] = [];
  const resolved = overrides.map(({ tool: asked, tenant: tenantId, ...bounds }) => {
    const tool = asked === undefined ? undefined : names.get(asked);
    if (asked !== undefined && tool === undefined) problems.push(unknownTool(asked, [...names.keys()]));
    if (tenantId !== undefined && tenantIds?.includes(tenantId) === false)
      problems.push(`limits.overrides: ${unknownTenant(tenantId, tenantIds)}`);
    return { ...bounds, tool, tenantId };
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return resolved;
}

function unknownTool(asked: string, known: readonly string[]): string {
  const near = closest(asked, known);
  return `limits.overrides: "${asked}" is no tool${near ? `: did you mean "${near}"?` : ". See them with: sluice tools"}`;
}

/** Which bounds were set by somebody, and so hold for the local user too. */
export type SetLimits = LimitSettings["local"];

/** What the limiter is made from. A call may wait for a place no longer than it may take at all. */
export function limiterSettings(
  available: readonly Toolset[],
  settings: Settings,
  local: SetLimits,
): LimitSettings {
  const { limits, calls } = settings;
  const queueMs = Math.min(limits.queueMs, calls.timeoutMs);
  return { ...limits, queueMs, local, overrides: limitOverrides(available, settings) };
}

/** The store that was chosen, with its own settings alone. The schema holds that they are there. */
export function stateSettings({ store, dynamodb, redis }: Settings["state"]): StateSettings {
  const { table = "" } = dynamodb;
  const { url = "" } = redis;
  if (store === "dynamodb") return { store, dynamodb: { ...dynamodb, table } };
  if (store === "redis") return { store, redis: { ...redis, url } };
  return { store };
}
