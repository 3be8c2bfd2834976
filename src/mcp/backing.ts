import { ProtocolError, ProtocolErrorCode, type ServerContext } from "@modelcontextprotocol/server";
import { callTool } from "../core/call.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { BackingCall } from "../core/exposure.ts";
import { tellLimits } from "./call-limits.ts";
import { callersTrace } from "./correlation.ts";
import { unknownTool } from "./outcome.ts";
import type { ServingUnit } from "./unit.ts";

/** Faults that are the caller's to mend; the others are the server's. */
const callersFaults: ReadonlySet<ErrorCode> = new Set([
  "invalid_input",
  "not_found",
  "unsupported",
  "too_large",
]);

/**
 * Runs the tool behind a resource or a completion. These have no `isError`, so a fault is thrown as a protocol
 * error with the fault as its data: -32602 where the caller can mend it, else -32603.
 */
export async function callBacking<From>(
  backing: BackingCall<From>,
  from: From,
  context: ServerContext,
  unit: ServingUnit,
): Promise<Record<string, unknown>> {
  const result = await callTool(unit.calls, {
    name: backing.tool,
    arguments: backing.toInput(from),
    principal: unit.principal,
    signal: context.mcpReq.signal,
    ...callersTrace(context, unit),
  });
  tellLimits(unit, result);
  if (result.kind === "completed") return result.output;
  if (result.kind === "unknown_tool") throw unknownTool(result);
  const { fault } = result;
  const code = callersFaults.has(fault.code)
    ? ProtocolErrorCode.InvalidParams
    : ProtocolErrorCode.InternalError;
  throw new ProtocolError(code, `${fault.code}: ${fault.message}`, fault);
}
