import type { ServerContext } from "@modelcontextprotocol/server";
import { traceIdOf } from "../core/trace-context.ts";
import type { ServingUnit } from "./unit.ts";

/**
 * The trace id of the caller's `traceparent`, which becomes the call's correlation id: from the request's `_meta`,
 * else from its HTTP header. Undefined where neither holds one. Source: MCP 2026-07-28, `_meta`.
 */
export function callersTraceId(context: ServerContext, unit: ServingUnit): string | undefined {
  return traceIdOf(context.mcpReq._meta?.traceparent) ?? traceIdOf(unit.traceparent);
}
