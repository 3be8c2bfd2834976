import type { Principal } from "../core/principal.ts";
import type { Tool } from "../core/tool.ts";
import type { HeldRole } from "./bindings.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import type { Reach } from "./rights.ts";
import { toolsOf } from "./tool-patterns.ts";

/** One rule that had a say. */
export interface AppliedRule {
  role: string;
  /** Where it is in the policy: `roles.analyst.allow`. */
  setting: string;
  /** What it says: a pattern, or an effect. */
  value: string;
}

/** Whether a principal may call a tool, and why. */
export interface Explanation {
  allowed: boolean;
  why: string;
  held: HeldRole[];
  rules: AppliedRule[];
  /** What of the lake each role that allows the tool lets it reach; empty where none does. */
  reaches: { role: string; reach: Reach }[];
}

/** What the policy says of one principal and one tool, rule by rule: as the call path decides it. */
export function explain(policy: CompiledPolicy, principal: Principal, tool: Tool): Explanation {
  const held = policy.heldBy(principal);
  const rules = (rule: "allow" | "deny") => rulesNaming(policy, held, tool, rule);
  const found = (allowed: boolean, why: string, rules: AppliedRule[]) => ({
    allowed,
    why,
    held,
    rules,
    reaches: [],
  });
  if (held.length === 0) return found(false, "no rule gives this principal a role", []);
  const denied = rules("deny");
  if (denied.length > 0) return found(false, "a deny wins over every allow", denied);
  const allowed = rules("allow");
  if (allowed.length === 0) return found(false, `no role of this principal allows ${tool.name}`, []);
  const { effect } = tool;
  const granting = allowed.filter(({ role }) => policy.roles.get(role)?.effects.has(effect));
  if (granting.length === 0) {
    const roles = [...new Set(allowed.map(({ role }) => role))];
    const effects = roles.map((role) => effectsOf(policy, role));
    const why = `no role that allows ${tool.name} by name allows its effect, ${effect}`;
    return found(false, why, [...allowed, ...effects]);
  }
  if (!policy.rightsOf(principal).reach.has(tool))
    throw new TypeError(`${tool.name} is explained otherwise than it is decided.`);
  const roles = [...new Set(granting.map(({ role }) => role))];
  const reaches = roles.map((role) => ({
    role,
    reach: policy.roles.get(role)?.resources ?? ("all" as const),
  }));
  return { ...found(true, `a role has ${tool.name} with its effect, ${effect}`, granting), reaches };
}

function rulesNaming(
  { document }: CompiledPolicy,
  held: readonly HeldRole[],
  tool: Tool,
  rule: "allow" | "deny",
): AppliedRule[] {
  return [...new Set(held.map(({ role }) => role))].flatMap((role) => {
    const patterns = Object.hasOwn(document.roles, role) ? (document.roles[role]?.[rule] ?? []) : [];
    return patterns
      .filter((pattern) => toolsOf(pattern, [tool]).length > 0)
      .map((value) => ({ role, setting: `roles.${role}.${rule}`, value }));
  });
}

function effectsOf({ roles }: CompiledPolicy, role: string): AppliedRule {
  const value = [...(roles.get(role)?.effects ?? [])].join(", ") || "none";
  return { role, setting: `roles.${role}.effects`, value };
}
