import { ToolError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { Policy } from "../core/steps.ts";
import type { Services } from "../core/tool.ts";

/**
 * Holds calls to the tenant of their principal, and then to `policy`. Who is of none of `tenants` is denied: nothing runs
 * with the server's own credentials. `within` gives the services of a tenant.
 */
export function tenantStep(
  policy: Policy,
  tenants: { has(tenantId: string): boolean },
  within: (services: Services, tenantId: string) => Services,
): Policy {
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
    async authorize(call) {
      check(call.principal);
      await policy.authorize(call);
    },
    narrow(call, services) {
      check(call.principal);
      const held = within(services, call.principal.tenantId);
      return policy.narrow?.(call, held) ?? held;
    },
  };
}
