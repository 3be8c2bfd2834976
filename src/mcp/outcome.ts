import type { CallToolResult } from "@modelcontextprotocol/server";
import { ProtocolError, ProtocolErrorCode } from "@modelcontextprotocol/server";
import type { CallResult } from "../core/call.ts";
import { renderText } from "../core/render.ts";

/**
 * A call's outcome as MCP has it: the output as structured content with a short readable form beside it, a
 * fault as an `isError` result. A tool that does not exist is a protocol error (-32602), which is thrown.
 */
export function toToolResult(result: CallResult): CallToolResult {
  if (result.kind === "unknown_tool") throw unknownTool(result);
  const _meta = { correlationId: result.correlationId };
  if (result.kind === "completed") {
    const { output } = result;
    return { content: [{ type: "text", text: renderText(output) }], structuredContent: output, _meta };
  }
  const { fault } = result;
  const text = `${fault.code}: ${fault.message}`;
  return { content: [{ type: "text", text }], structuredContent: { ...fault }, isError: true, _meta };
}

export function unknownTool({ name, suggestion }: { name: string; suggestion?: string | undefined }) {
  const shown = name.length > 128 ? `${name.slice(0, 128)}…` : name;
  const hint = suggestion === undefined ? "tools/list has the names." : `Did you mean ${suggestion}?`;
  return new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${shown}. ${hint}`);
}
