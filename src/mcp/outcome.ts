import type { CallToolResult } from "@modelcontextprotocol/server";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { CallResult } from "../core/call.ts";
import { confirmationRequestIn } from "../core/confirmation-request.ts";
import type { ToolFault } from "../core/errors.ts";
import { renderText } from "../core/render.ts";
import type { Era } from "./connection.ts";
import type { TaskOutcome } from "./tasks/runner.ts";

/**
 * A call's outcome as MCP has it: the output as structured content with a short readable form beside it, a
 * fault as an `isError` result. A tool that does not exist is a protocol error (-32602), which is thrown.
 */
export function toToolResult(result: CallResult, era: Era): CallToolResult {
  if (result.kind === "unknown_tool") throw unknownTool(result);
  const _meta = { correlationId: result.correlationId };
  if (result.kind === "failed") return { ...faultContent(result.fault, era), isError: true, _meta };
  const { output } = result;
  return { content: [{ type: "text", text: renderText(output) }], structuredContent: output, _meta };
}

/** A call's outcome, and how a task that it became has ended. */
export function toTaskOutcome(result: CallResult, era: Era): TaskOutcome & { result: CallToolResult } {
  const fault = result.kind === "failed" ? result.fault : undefined;
  return {
    result: toToolResult(result, era),
    hasFailed: fault !== undefined,
    wasCancelled: fault?.details.wasCancelled === true,
    mayPass: fault && mayPass(fault) ? waitOf(fault) : undefined,
  };
}

/** Refused before anything was asked of the work, or marked so by whoever asked. */
function mayPass({ code, details }: ToolFault): boolean {
  return details.workGoesOn === true || (code === "throttled" && details.executionId === undefined);
}

function waitOf({ message, details }: ToolFault): TaskOutcome["mayPass"] {
  const { retryAfterMs } = details;
  return { message, retryAfterMs: typeof retryAfterMs === "number" ? retryAfterMs : 0 };
}

/**
 * A fault is structured content too, but for legacy clients: theirs hold whatever is structured against the
 * tool's output schema, errors included, and would throw the fault away. They get it as JSON text.
 */
function faultContent(fault: ToolFault, era: Era): Pick<CallToolResult, "content" | "structuredContent"> {
  const said = { type: "text" as const, text: `${fault.code}: ${fault.message}` };
  if (era === "modern") return { content: [said, ...planContent(fault)], structuredContent: { ...fault } };
  return { content: [said, { type: "text", text: JSON.stringify(fault) }] };
}

/** Hosts that show an agent texts alone must show it what there is to confirm, too. */
function planContent({ details }: ToolFault): CallToolResult["content"] {
  if (!confirmationRequestIn(details)) return [];
  return [{ type: "text", text: JSON.stringify(details) }];
}

/** -32602 for a tool that does not exist or may not be seen; the name is cut to 128 characters. */
export function unknownTool({ name, suggestion }: { name: string; suggestion?: string | undefined }) {
  const shown = name.length > 128 ? `${name.slice(0, 128)}…` : name;
  const hint = suggestion === undefined ? "tools/list has the names." : `Did you mean ${suggestion}?`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${shown}. ${hint}`);
}
