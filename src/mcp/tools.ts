import type { CallToolResult, Result, Server, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { type CallResult, callTool } from "../core/call.ts";
import { logToClient } from "./client-log.ts";
import { callersTraceId } from "./correlation.ts";
import { rightsOf } from "./may-see.ts";
import { onePageParams } from "./one-page.ts";
import { toTaskOutcome } from "./outcome.ts";
import { createProgressSender } from "./progress.ts";
import { callRawTool } from "./raw-call.ts";
import type { TaskOutcome, TaskTelling } from "./tasks/runner.ts";
import { takesTasks, taskCreated } from "./tasks/serve-tasks.ts";
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

async function call(params: CallParams, context: ServerContext, unit: ServingUnit): Promise<Result> {
  const tool = unit.calls.registry.find(params.name)?.tool;
  const mayBeTask = tool?.task === "optional" && unit.era === "modern" && takesTasks(context);
  if (!mayBeTask) return (await run(params, context, unit, { signal: context.mcpReq.signal })).result;
  const correlationId = callersTraceId(context, unit) ?? unit.calls.newId();
  const started = await unit.tasks.start({
    toolName: tool.name,
    call: {
      name: params.name,
      arguments: params.arguments ?? {},
      correlationId,
      rights: rightsOf(unit, tool.name),
    },
    principal: unit.principal,
    signal: context.mcpReq.signal,
    run: (signal, task) =>
      run(params, context, unit, { signal, task, correlationId, timeoutMs: unit.tasks.timeoutMs }),
  });
  return "task" in started ? taskCreated(started.task) : started.result;
}

/** How this run differs from one that ends with its request. */
interface RunOptions {
  signal: AbortSignal;
  task?: TaskTelling;
  correlationId?: string;
  timeoutMs?: number;
}

async function run(
  params: CallParams,
  context: ServerContext,
  unit: ServingUnit,
  { signal, task, timeoutMs, correlationId = callersTraceId(context, unit) }: RunOptions,
): Promise<TaskOutcome & { result: CallToolResult }> {
  const progress = createProgressSender(context, unit.calls.now);
  const result = await callTool(unit.calls, {
    name: params.name,
    arguments: params.arguments,
    principal: unit.principal,
    signal,
    timeoutMs,
    correlationId,
    outside: task?.outside,
    progress(update) {
      task?.progress(update);
      if (!task?.isTask()) progress?.report(update);
    },
  });
  if (!task?.isTask()) {
    await progress?.flush();
    await logOutcome(result, context, unit);
  }
  return toTaskOutcome(result, unit.era);
}

async function logOutcome(result: CallResult, context: ServerContext, unit: ServingUnit): Promise<void> {
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
}
