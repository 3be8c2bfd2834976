import { onceEach } from "./core/once-each.ts";
import { type Policy, unguarded } from "./core/steps.ts";
import type { Services } from "./core/tool.ts";
import type { Lake } from "./lake/lake.ts";
import type { LakeSettings } from "./lake/settings.ts";
import { reachOf } from "./open-policy.ts";
import type { Access } from "./policy/access.ts";
import { policyStep } from "./policy/policy-step.ts";
import type { Reach } from "./policy/rights.ts";
import { tenantStep } from "./policy/tenant-step.ts";

/** The step that holds calls to their tenant and their roles. With tenants, roles narrow what the tenant has. */
export function callPolicy(access: Access | undefined, lake: Lake, tenants: LakeSettings["tenants"]): Policy {
  const readable = onceEach(reachOf);
  const hold = (services: Services, reach: Reach, tenantId: string): Services => {
    const held = tenants ? lake.ofTenant(tenantId) : lake;
    return { ...services, lake: reach === "all" ? held : held.within(readable(reach)) };
  };
  const policy: Policy = access
    ? policyStep(access, hold)
    : {
        ...unguarded.policy,
        narrow: ({ principal }, services) => hold(services, "all", principal.tenantId),
      };
  return tenants ? tenantStep(policy, tenants) : policy;
}
