import type { Progress } from "../core/tool.ts";

/** On whose behalf the lake works, and when to stop. A part of the call's context. */
export interface LakeScope {
  tenantId: string;
  principalId: string;
  signal: AbortSignal;
  progress(update: Progress): void;
}
