import type { Dependency } from "../../adapters/http/health.ts";
import type { Access } from "../../policy/access.ts";

/** Whether the policy can be used, where there is one. What is wrong with it is in the log. */
export function checkPolicy(access: Access | undefined): Dependency[] {
  if (!access) return [];
  const ready = "policy" in access.state();
  const detail = "The policy cannot be used, and every call is denied. See the log.";
  return [{ name: "policy", ready, ...(ready ? {} : { detail }) }];
}
