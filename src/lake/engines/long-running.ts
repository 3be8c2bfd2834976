import type { ToolError } from "../../core/errors.ts";
import type { LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { RemoteEngine, RemoteRows } from "./engine.ts";

/** A statement as a remote engine has it now. */
export interface RemoteState {
  /** The engine's own, which outlives this server. */
  id: string;
  state: "queued" | "running" | "succeeded" | "failed" | "cancelled";
  /** So far, while it runs. */
  bytesScanned: number;
  durationMs: number;
  /** Of a failed or cancelled one: what to throw. */
  fault?: ToolError;
}

/**
 * A remote engine whose statements can be started in one call and looked at in another, on this server or another one.
 * An id is good for the caller who started it and for no other, to whom it is `not_found`.
 */
export interface LongRunningEngine extends RemoteEngine {
  /** Answers with the id. With the same `token` (32 to 128 characters), however often, one statement is started. */
  start(request: LakeQueryRequest, scope: LakeScope, token?: string): Promise<string>;
  poll(id: string, scope: LakeScope): Promise<RemoteState>;
  /** Stops it and answers when it is seen to have ended, with the state it has by then. */
  stop(id: string, scope: LakeScope): Promise<RemoteState>;
  /** A page of a succeeded one; `request` is the one it was started with. */
  rows(id: string, request: LakeQueryRequest, scope: LakeScope): Promise<RemoteRows>;
}
