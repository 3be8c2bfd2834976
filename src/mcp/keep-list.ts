import type { ServingUnit } from "./unit.ts";

/**
 * Marks a list as not to be kept while its caller is denied everything, such as by a policy that cannot be used: it is empty
 * until that is mended. Legacy clients are told of changes, and know of no such mark.
 */
export function keepList<T extends object>(
  { era, calls, principal }: Pick<ServingUnit, "era" | "calls" | "principal">,
  list: T,
): T & { ttlMs?: 0 } {
  if (era === "legacy") return list;
  try {
    calls.steps.policy.checkUsable?.(principal);
    return list;
  } catch {
    return { ...list, ttlMs: 0 };
  }
}
