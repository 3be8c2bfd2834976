import type { ServingUnit } from "./unit.ts";

/** Whether a caller may see a tool. Those that are not there are seen by nobody. */
export function maySee(
  { calls, principal }: Pick<ServingUnit, "calls" | "principal">,
  toolName: string,
): boolean {
  const tool = calls.registry.find(toolName)?.tool;
  return tool !== undefined && calls.steps.policy.visible(principal, tool);
}

/** By which a tool's result is kept for later: the same caller may come back with fewer rights, and would have had another one. */
export function rightsOf(
  { calls, principal }: Pick<ServingUnit, "calls" | "principal">,
  toolName: string,
): string {
  const tool = calls.registry.find(toolName)?.tool;
  return (tool && calls.steps.policy.rightsOf?.(principal, tool)) ?? "";
}
