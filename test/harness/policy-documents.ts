import type { Tool } from "../../src/core/tool.ts";
import { type CompiledPolicy, compilePolicy } from "../../src/policy/compile-policy.ts";
import type { Resources, Role } from "../../src/policy/document.ts";

/** A role that allows nothing, but for what is given. */
export function role(changes: Partial<Role> = {}): Role {
  return { allow: [], deny: [], effects: ["read"], ...changes };
}

/** Resources that reach nothing, but for what is given. */
export function resources(changes: Partial<Resources>): Resources {
  return { buckets: [], localRoots: [], catalogs: [], ...changes };
}

/** A policy of these roles, which everybody has. */
export function policyOf(roles: Record<string, Role>, tools: readonly Tool[]): CompiledPolicy {
  const document = { roles, bindings: [], default: Object.keys(roles) };
  const policy = compilePolicy(document, { tools, checkResources: () => [] });
  if (!("roles" in policy)) throw new Error(policy.join("\n"));
  return policy;
}
