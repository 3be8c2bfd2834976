import { type NamedResource, outsideRoles } from "../core/aws-resource.ts";
import { ToolError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { Call, ParsedCall, Policy } from "../core/steps.ts";
import type { Services, Tool } from "../core/tool.ts";
import type { Access } from "./access.ts";
import { type AwsReach, reachesAllOfAws, reachesResource } from "./aws-reach.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import { type Explanation, explain } from "./explain.ts";
import type { Reach } from "./rights.ts";

/** The step of the call path that holds calls to a policy. `hold` gives the services of a tenant that reach no further than `reach`. */
export function policyStep(
  access: Pick<Access, "state">,
  hold: (services: Services, reach: Reach, tenantId: string) => Services,
): Policy {
  const policyOf = (): CompiledPolicy | undefined => {
    const state = access.state();
    return "policy" in state ? state.policy : undefined;
  };
  const reachOf = ({ principal, tool }: { principal: Principal; tool: Tool }): Reach => {
    const reach = policyOf()?.rightsOf(principal).reach.get(tool);
    if (reach !== undefined) return reach;
    throw new ToolError(
      "denied",
      `${tool.name} was taken from your roles during this call. Whoever runs this server can allow it (setting rbac).`,
      { details: { setting: "rbac" } },
    );
  };
  const awsOf = ({ principal, tool }: Call): AwsReach =>
    policyOf()?.rightsOf(principal).aws.get(tool) ?? nothingOfAws;
  return {
    checkUsable() {
      if (policyOf()) return;
      throw new ToolError(
        "denied",
        "This server's policy cannot be used, so it denies every call. Whoever runs it finds the reason in its log (setting rbac.file).",
        { details: { setting: "rbac.file" } },
      );
    },
    visible: (principal, tool) => policyOf()?.rightsOf(principal).reach.has(tool) ?? false,
    whyHidden(principal, tool) {
      const policy = policyOf();
      return policy ? whyDenied(explain(policy, principal, tool)) : "the policy cannot be used";
    },
    authorize: async (call) => void reachOf(call),
    checkResources: (call) => checkResources(call, awsOf(call)),
    may: (call, resource) => reachesResource(awsOf(call), resource),
    narrow: (call, services) => hold(services, reachOf(call), call.principal.tenantId),
    // Without a policy nothing may be had that was worked out under one.
    rightsOf: (principal, tool) => policyOf()?.rightsOf(principal).keys.get(tool) ?? "none",
  };
}

function whyDenied({ why, rules }: Explanation): string {
  const said = rules.map(({ setting, value }) => `${setting} has ${value}`);
  return said.length > 0 ? `${why} (${said.join("; ")})` : why;
}

const nothingOfAws: AwsReach = { allow: [], deny: [] };

/** A tool that does not say what it touches might touch anything. */
function checkResources({ tool, input }: ParsedCall, reach: AwsReach): void {
  if (tool.resources === "lake" || reachesAllOfAws(reach)) return;
  const named = tool.resources?.(input) ?? [];
  if (named.length === 0) {
    throw new ToolError(
      "denied",
      `${tool.name} does not say which AWS resources this call touches, and your roles do not reach all of them. Whoever runs this server can allow it by a role without resources (setting rbac).`,
      { details: { setting: "rbac" } },
    );
  }
  for (const resource of named) if (!reachesResource(reach, resource)) throw outsideRoles(nameOf(resource));
}

function nameOf({ account, region, cluster }: NamedResource): string {
  const parts = Object.entries({ account, region, cluster }).flatMap(([name, value]) =>
    typeof value === "string" ? [`${name} ${JSON.stringify(value)}`] : [],
  );
  return parts.length > 0 ? `What you name (${parts.join(", ")})` : "What this call touches";
}
