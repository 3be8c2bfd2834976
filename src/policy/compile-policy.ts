import { onceEach } from "../core/once-each.ts";
import type { Principal } from "../core/principal.ts";
import { closest } from "../core/suggest.ts";
import type { Tool } from "../core/tool.ts";
import { createBindings, type HeldRole } from "./bindings.ts";
import type { PolicyDocument, Resources } from "./document.ts";
import { type CompiledRole, compileRole, type Rights, rightsOf } from "./rights.ts";
import { patternProblems } from "./tool-patterns.ts";

/** A policy made out against the tools there are. */
export interface CompiledPolicy {
  document: PolicyDocument;
  roles: ReadonlyMap<string, CompiledRole>;
  heldBy(principal: Principal): HeldRole[];
  /** Worked out once for each set of roles. */
  rightsOf(principal: Principal): Rights;
  /** Of whoever has these roles. */
  rightsWith(roles: readonly string[]): Rights;
}

export interface CompileOptions {
  /** Those this version has, whether they are offered or not: what names one of them is no mistake. */
  tools: readonly Tool[];
  /** Ids of all there are. Left out: not known, so any may be named. */
  tenants?: readonly string[] | undefined;
  /** What is wrong with a role's resources, of which `setting` is the path. */
  checkResources(resources: Resources, setting: string): string[];
}

/** Sets of roles that are remembered. */
const maxSets = 1_000;

/** The policy, or what is wrong with it, a line each. */
export function compilePolicy(
  document: PolicyDocument,
  { tools, tenants, checkResources }: CompileOptions,
): CompiledPolicy | readonly string[] {
  const named = Object.entries(document.roles);
  const problems = [
    ...named.flatMap(([name, { allow, deny, resources }]) => [
      ...patternProblems(allow, tools, `roles.${name}.allow`),
      ...patternProblems(deny, tools, `roles.${name}.deny`),
      ...(resources ? checkResources(resources, `roles.${name}.resources`) : []),
    ]),
    ...roleProblems(document),
    ...(tenants ? tenantProblems(document, tenants) : []),
  ];
  if (problems.length > 0) return problems;
  const roles = new Map(named.map(([name, role]) => [name, compileRole(name, role, tools)]));
  const { heldBy } = createBindings(document);
  const bySet = new Map<string, Rights>();
  const rightsWith = (names: readonly string[]): Rights => {
    const held = [...new Set(names)].sort();
    const key = held.join(" ");
    const known = bySet.get(key);
    if (known) return known;
    const rights = rightsOf(
      held.flatMap((name) => roles.get(name) ?? []),
      tools,
    );
    if (bySet.size >= maxSets) bySet.clear();
    bySet.set(key, rights);
    return rights;
  };
  return {
    document,
    roles,
    heldBy,
    rightsWith,
    // Most principals come with many questions.
    rightsOf: onceEach((principal) => rightsWith(heldBy(principal).map(({ role }) => role))),
  };
}

function roleProblems({ bindings, default: ofEverybody, roles }: PolicyDocument): string[] {
  const known = Object.keys(roles);
  return [
    ...bindings.flatMap(({ roles }, at) => unknown("role", roles, known, `bindings item ${at + 1}`)),
    ...unknown("role", ofEverybody, known, "default"),
  ];
}

function tenantProblems({ bindings }: PolicyDocument, known: readonly string[]): string[] {
  return bindings.flatMap(({ tenants = [] }, at) =>
    unknown("tenant", tenants, known, `bindings item ${at + 1}`),
  );
}

function unknown(kind: string, names: readonly string[], known: readonly string[], rule: string): string[] {
  return names
    .filter((name) => !known.includes(name))
    .map((name) => {
      const near = closest(name, known);
      return `${rule}: there is no ${kind} ${JSON.stringify(name)}${near ? `: did you mean "${near}"?` : ""}`;
    });
}
