import type { Principal } from "../core/principal.ts";
import { type CallSteps, isRefused } from "../core/steps.ts";
import type { Tool } from "../core/tool.ts";
import type { ServingUnit } from "./unit.ts";

/** Whether a caller may see a tool. Those that are not there are seen by nobody. */
export function maySee(
  { calls, principal }: Pick<ServingUnit, "calls" | "principal">,
  toolName: string,
): boolean {
  const tool = calls.registry.find(toolName)?.tool;
  return tool !== undefined && calls.steps.policy.visible(principal, tool);
}

/** Whether a tool is listed for a caller: one that it may see, unless it changes things and the server changes nothing. */
export function isListed({ policy, confirmer }: CallSteps, principal: Principal, tool: Tool): boolean {
  return policy.visible(principal, tool) && !isRefused(confirmer, tool);
}

/** By which a tool's result is kept for later: the same caller may come back with fewer rights, and would have had another one. */
export function rightsOf(
  { calls, principal }: Pick<ServingUnit, "calls" | "principal">,
  toolName: string,
): string {
  const tool = calls.registry.find(toolName)?.tool;
  return (tool && calls.steps.policy.rightsOf?.(principal, tool)) ?? "";
}
