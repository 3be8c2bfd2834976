import { ToolError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { Policy } from "../core/steps.ts";

/**
 * Holds calls to `policy`, once their principal is of one of `tenants`. Who is of none sees no tool and is denied every
 * call: nothing runs with the server's own credentials.
 */
export function tenantStep(policy: Policy, tenants: { has(tenantId: string): boolean }): Policy {
  const check = ({ tenantId }: Principal) => {
    if (tenants.has(tenantId)) return;
    throw new ToolError(
      "denied",
      `You are of the tenant ${JSON.stringify(tenantId)}, which this server does not serve. Whoever runs it can add it (setting tenants).`,
      { details: { setting: "tenants" } },
    );
  };
  return {
    ...policy,
    checkUsable(principal) {
      check(principal);
      policy.checkUsable?.(principal);
    },
    visible: (principal, tool) => tenants.has(principal.tenantId) && policy.visible(principal, tool),
    async authorize(call) {
      check(call.principal);
      await policy.authorize(call);
    },
    narrow(call, services) {
      check(call.principal);
      return policy.narrow?.(call, services) ?? services;
    },
  };
}
