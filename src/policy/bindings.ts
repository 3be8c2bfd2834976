import type { Principal } from "../core/principal.ts";
import type { Binding, PolicyDocument } from "./document.ts";

/** A role somebody has, and the rule that gives it: where it is in the policy, and by what of the principal. */
export interface HeldRole {
  role: string;
  /** Such as `default` or `bindings item 2`. */
  rule: string;
  by: string;
}

/** Who has which roles. */
export interface RoleBindings {
  /** In the order of the policy; a role may be given by several rules. */
  heldBy(principal: Principal): HeldRole[];
}

interface Given {
  rule: string;
  binding: Binding;
}

/** Finds bindings by what a principal has, not by going through them: a policy may name thousands of people. */
export function createBindings(document: Pick<PolicyDocument, "bindings" | "default">): RoleBindings {
  const kinds = { principals: index(), scopes: index(), claims: index() };
  document.bindings.forEach((binding, at) => {
    const given = { rule: `bindings item ${at + 1}`, binding };
    for (const [kind, found] of Object.entries(kinds)) {
      for (const name of binding[kind as keyof typeof kinds] ?? []) found.add(name, given);
    }
  });
  const ofEverybody = document.default.map((role) => ({ role, rule: "default", by: "everybody" }));
  return {
    heldBy({ id, tenantId, scopes, roles }) {
      const held = (found: Given[], by: string) =>
        found
          .filter(({ binding: { tenants } }) => tenants?.includes(tenantId) ?? true)
          .flatMap(({ rule, binding }) => binding.roles.map((role) => ({ role, rule, by })));
      return [
        ...ofEverybody,
        ...held(kinds.principals.get(id), "the principal's id"),
        ...scopes.flatMap((scope) => held(kinds.scopes.get(scope), `the scope ${JSON.stringify(scope)}`)),
        ...roles.flatMap((role) => held(kinds.claims.get(role), `the claimed role ${JSON.stringify(role)}`)),
      ];
    },
  };
}

function index() {
  const found = new Map<string, Given[]>();
  return {
    add: (name: string, given: Given) => found.set(name, [...(found.get(name) ?? []), given]),
    get: (name: string) => found.get(name) ?? [],
  };
}
