import type { CommandContext } from "../frame/command.ts";
import { loadPolicy } from "./load-policy.ts";

/** What may follow `sluice policy`: ids of principals, tools, and behind flags roles, scopes and tenants of the policy. */
export async function completePolicy(before: readonly string[], context: CommandContext): Promise<string[]> {
  const { policy, registry, lake } = await loadPolicy(context);
  const bindings = policy?.document.bindings ?? [];
  const flag = before.at(-1);
  if (flag === "--role") {
    return distinct([...bindings.flatMap(({ claims = [] }) => claims), ...(policy?.roles.keys() ?? [])]);
  }
  if (flag === "--scope") return distinct(bindings.flatMap(({ scopes = [] }) => scopes));
  if (flag === "--tenant")
    return distinct([...bindings.flatMap(({ tenants = [] }) => tenants), ...(lake.tenants?.keys() ?? [])]);
  if (before.length === 1)
    return distinct(["local", ...bindings.flatMap(({ principals = [] }) => principals)]);
  return before.length === 2 ? registry.tools.map(({ name }) => name) : [];
}

function distinct(words: Iterable<string>): string[] {
  return [...new Set(words)];
}
