import { ToolError } from "../../core/errors.ts";
import type { CallContext } from "../../core/tool.ts";
import type { LakeScope } from "../../lake/scope.ts";

/** The part of a call's context the data engine needs. */
export function scopeOf({ principal, signal, progress, outside }: CallContext): LakeScope {
  const caller = { tenantId: principal.tenantId, principalId: principal.id };
  return { ...caller, signal, progress, ...(outside ? { outside } : {}) };
}

/** Throws `invalid_input` when the caller asks for more than this server gives at once. */
export function checkLimit(limit: number, { bounds }: CallContext): number {
  if (limit <= bounds.maxRows) return limit;
  throw new ToolError(
    "invalid_input",
    `limit is ${limit}; this server gives at most ${bounds.maxRows} at once (results.maxRows). Ask for ${bounds.maxRows} and go on with the cursor.`,
    { details: { limit, maxRows: bounds.maxRows, setting: "results.maxRows" } },
  );
}
