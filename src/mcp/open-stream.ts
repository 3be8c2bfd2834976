import type { RequestId } from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import { ToolError, type ToolFault, toFault } from "../core/errors.ts";
import type { Principal } from "../core/principal.ts";
import { correlationIdOf } from "../core/trace-context.ts";
import type { RpcError } from "./envelope.ts";
import { rpcErrorResponse, transportFault } from "./rpc-response.ts";

/** Who wants to keep an event stream open, and by which message. */
export interface StreamAsker {
  principal: Principal;
  id: RequestId | null;
  traceparent?: string | null | undefined;
}

/** Lets in every event stream of whatever era and adapter: what is to be called at its end, or the fault that refuses it. */
export type OpenStream = (asker: StreamAsker) => (() => void) | StreamRefusal;

/** A stream that its caller's limits refuse. */
export interface StreamRefusal {
  fault: ToolFault;
  error: RpcError;
}

/** Streams are counted where calls are. */
export function createOpenStream({ steps, newId }: Pick<CallPath, "steps" | "newId">): OpenStream {
  return ({ principal, id, traceparent }) => {
    try {
      return steps.limiter.openStream?.(principal) ?? (() => {});
    } catch (thrown) {
      if (!(thrown instanceof ToolError && thrown.code === "throttled")) throw thrown;
      const fault = toFault(thrown, correlationIdOf(traceparent, newId));
      return { fault, error: { code: transportFault, message: fault.message, id, data: fault } };
    }
  };
}

/** 429, with the fault as the error's data. */
export function refusedStream({ fault, error }: StreamRefusal): Response {
  const { retryAfterMs } = fault.details;
  const seconds = typeof retryAfterMs === "number" ? String(Math.ceil(retryAfterMs / 1000)) : undefined;
  return rpcErrorResponse(429, error, seconds === undefined ? {} : { "retry-after": seconds });
}
