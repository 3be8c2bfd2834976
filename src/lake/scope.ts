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
}
