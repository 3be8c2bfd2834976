import {
  type CallToolResult,
  ProtocolError,
  type Result,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { logToClient } from "./client-log.ts";
import type { RawContext, RawTool } from "./raw.ts";
import type { ServingUnit } from "./unit.ts";

/** The context of a raw handler. A legacy client that set no level is shown everything from `info` on. */
export function rawContext(mcp: ServerContext, unit: ServingUnit): RawContext {
  return { mcp, unit, log: (level, data) => logToClient(mcp, unit, { level, data }, "info") };
}

/** Runs a raw tool. Protocol errors stay JSON-RPC errors; anything else thrown becomes an `isError` result. */
export async function callRawTool(
  tool: RawTool,
  given: Record<string, unknown>,
  mcp: ServerContext,
  unit: ServingUnit,
): Promise<Result> {
  const checked = await tool.input["~standard"].validate(given);
  if (checked.issues) {
    const issues = checked.issues.map(({ message }) => message).join("; ");
    return failed(`Invalid arguments for ${tool.definition.name}: ${issues}`);
  }
  try {
    return await tool.handle(checked.value, rawContext(mcp, unit));
  } catch (thrown) {
    if (thrown instanceof ProtocolError) throw thrown;
    return failed(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function failed(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
