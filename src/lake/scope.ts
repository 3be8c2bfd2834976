import type { Outside } from "../core/outside.ts";
import type { Progress } from "../core/tool.ts";

/** Whoever may be given what was worked out for another: same tenant, and the same that may be read. */
export function sharersOf({ tenantId, reach }: Pick<LakeScope, "tenantId" | "reach">): string[] {
  return reach === undefined ? [tenantId] : [tenantId, reach];
}

/** Names a caller, as one with these rights. */
export function callerOf(scope: Pick<LakeScope, "tenantId" | "principalId" | "reach">): string[] {
  const [tenantId = "", ...reach] = sharersOf(scope);
  return [tenantId, scope.principalId, ...reach];
}

/** On whose behalf the lake works, and when to stop. A part of the call's context. */
export interface LakeScope {
  tenantId: string;
  principalId: string;
  /** Names what may be read of what the server may. Absent: all of it. Set by the view of the lake that is asked. */
  reach?: string;
  signal: AbortSignal;
  progress(update: Progress): void;
  /** Of a call that another process may be asked to go on with. */
  outside?: Outside;
  /** Of a statement in a catalog's own SQL: why it gives other values here over a table of it with these columns. */
  differenceOver?(columns: readonly { name: string; type_text: string }[]): string | undefined;
}
