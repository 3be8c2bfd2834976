import type { ServerContext } from "@modelcontextprotocol/server";
import { readTraceparent } from "../core/trace-context.ts";
import type { ServingUnit } from "./unit.ts";

/**
 * What ties a call to its caller's trace: the trace id of its `traceparent`, which becomes the call's correlation id, and
 * the span in it. From the request's `_meta`, else from its HTTP header; empty where neither holds one. Source: MCP
 * 2026-07-28, `_meta`.
 */
export function callersTrace(
  context: ServerContext,
  unit: ServingUnit,
): { correlationId?: string; parentSpanId?: string } {
  const trace = readTraceparent(context.mcpReq._meta?.traceparent) ?? readTraceparent(unit.traceparent);
  return trace ? { correlationId: trace.traceId, parentSpanId: trace.parentId } : {};
}
