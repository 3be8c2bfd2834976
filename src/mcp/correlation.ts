import type { ServerContext } from "@modelcontextprotocol/server";
import type { ServingUnit } from "./unit.ts";

const traceparentPattern = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/**
 * The trace id of the caller's W3C `traceparent`, which becomes the call's correlation id: from the request's
 * `_meta`, else from its HTTP header. Undefined where there is none or it is malformed or all zero.
 * Source: W3C Trace Context; MCP 2026-07-28, `_meta`.
 */
export function callersTraceId(context: ServerContext, unit: ServingUnit): string | undefined {
  const given = context.mcpReq._meta?.traceparent ?? unit.traceparent;
  if (typeof given !== "string") return undefined;
  const traceId = traceparentPattern.exec(given)?.[1];
  return traceId === "0".repeat(32) ? undefined : traceId;
}
