import type { CallToolResult, Server, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { callTool } from "../core/call.ts";
import { logToClient } from "./client-log.ts";
import { callersTraceId } from "./correlation.ts";
import { onePageParams } from "./one-page.ts";
import { toToolResult } from "./outcome.ts";
import { createProgressSender } from "./progress.ts";
import { callRawTool } from "./raw-call.ts";
import type { ServingUnit } from "./unit.ts";

const callParams = z.looseObject({
  name: z.string(),
  arguments: z.record(z.string(), z.unknown()).optional(),
});

type CallParams = z.output<typeof callParams>;

/** tools/list: one page, computed beforehand. */
export function serveToolList(server: Server, { surface, principal, toolsFilledIn }: ServingUnit): void {
  server.setRequestHandler("tools/list", { params: onePageParams }, () =>
    toolsFilledIn ? { tools: [] } : surface.toolList(principal).result,
  );
}

/** tools/call: raw tools run here, every other through the call path. */
export function serveToolCall(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("tools/call", { params: callParams }, (params, context) => {
    const raw = unit.surface.rawTools.get(params.name);
    return raw ? callRawTool(raw, params.arguments ?? {}, context, unit) : call(params, context, unit);
  });
}

async function call(params: CallParams, context: ServerContext, unit: ServingUnit): Promise<CallToolResult> {
  const progress = createProgressSender(context, unit.calls.now);
  const result = await callTool(unit.calls, {
    name: params.name,
    arguments: params.arguments,
    principal: unit.principal,
    signal: context.mcpReq.signal,
    correlationId: callersTraceId(context, unit),
    progress: progress?.report,
  });
  await progress?.flush();
  if (result.kind === "failed") {
    const { code, message, correlationId } = result.fault;
    const level = code === "internal" ? "error" : "warning";
    await logToClient(context, unit, {
      level,
      data: { tool: result.tool.name, code, message, correlationId },
    });
  } else if (result.kind === "completed") {
    const { correlationId, durationMs } = result;
    await logToClient(context, unit, {
      level: "debug",
      data: { tool: result.tool.name, correlationId, durationMs },
    });
  }
  return toToolResult(result, unit.era);
}
