import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import { ToolError } from "../core/errors.ts";

/** A `ToolError` met outside a tool call, as the JSON-RPC error it is: -32602, with its message. */
export function asProtocolError(thrown: unknown): unknown {
  if (!(thrown instanceof ToolError)) return thrown;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, thrown.message, {
    code: thrown.code,
    details: thrown.details,
  });
}
