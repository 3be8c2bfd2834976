import type { Outside } from "../core/outside.ts";
import type { Progress } from "../core/tool.ts";

/** On whose behalf the lake works, and when to stop. A part of the call's context. */
export interface LakeScope {
  tenantId: string;
  principalId: string;
  signal: AbortSignal;
  progress(update: Progress): void;
  /** Of a call that another process may be asked to go on with. */
  outside?: Outside;
  /** Of a statement in a catalog's own SQL: why it gives other values here over a table of it with these columns. */
  differenceOver?(columns: readonly { name: string; type_text: string }[]): string | undefined;
}
