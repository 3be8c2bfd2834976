import { ToolError } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import type { Call, Policy } from "../core/steps.ts";
import type { Services, Tool } from "../core/tool.ts";
import type { Access } from "./access.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import type { Resources } from "./document.ts";
import type { Reach } from "./rights.ts";

/** The step of the call path that holds calls to a policy. `within` gives the services that reach no further than `resources`. */
export function policyStep(
  access: Pick<Access, "state">,
  within: (services: Services, resources: Resources, principal: Principal) => Services,
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
      `${tool.name} has the effect ${tool.effect}, which your roles do not allow. Whoever runs this server can (setting rbac, effects).`,
      { details: { effect: tool.effect, setting: "rbac" } },
    );
  };
  return {
    checkUsable() {
      if (policyOf()) return;
      throw new ToolError(
        "denied",
        "This server's policy cannot be used, so it denies every call. Whoever runs it finds the reason in its log (setting rbac.file).",
        { details: { setting: "rbac.file" } },
      );
    },
    visible: (principal, tool) => policyOf()?.rightsOf(principal).visible.has(tool) ?? false,
    authorize: async (call) => void reachOf(call),
    narrow(call: Call, services) {
      const reach = reachOf(call);
      return reach === "all" ? services : within(services, reach, call.principal);
    },
    // Without a policy nothing may be had that was worked out under one.
    rightsOf: (principal, tool) => policyOf()?.rightsOf(principal).keys.get(tool) ?? "none",
  };
}
