import type { Result, Server, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { type CallResult, callTool } from "../core/call.ts";
import type { Confirmation } from "../core/steps.ts";
import { confirmationArgument, type Tool } from "../core/tool.ts";
import { tellLimits } from "./call-limits.ts";
import { logToClient } from "./client-log.ts";
import { confirmationOf, questionOf } from "./confirmation.ts";
import { callersTrace } from "./correlation.ts";
import { keepList } from "./keep-list.ts";
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
export function serveToolList(server: Server, unit: ServingUnit): void {
  const { surface, principal, toolsFilledIn } = unit;
  server.setRequestHandler("tools/list", { params: onePageParams }, () =>
    keepList(unit, toolsFilledIn ? { tools: [] } : surface.toolList(principal).result),
  );
}

/** tools/call: raw tools run here, every other through the call path. */
export function serveToolCall(server: Server, unit: ServingUnit): void {
  server.setRequestHandler("tools/call", { params: callParams }, (params, context) => {
    const raw = unit.surface.rawTools.get(params.name);
    if (raw) return callRawTool(raw, params.arguments ?? {}, context, unit);
    return call(params, context, unit, confirmationOf(server, context, unit.era));
  });
}

async function call(
  params: CallParams,
  context: ServerContext,
  unit: ServingUnit,
  confirmation: Confirmation,
): Promise<Result> {
  const tool = unit.calls.registry.find(params.name)?.tool;
  const mayBeTask =
    tool?.task === "optional" && unit.surface.hasTasks && unit.era === "modern" && takesTasks(context);
  if (!mayBeTask || willAsk(tool, params, confirmation, unit)) {
    return (await run(params, context, unit, { signal: context.mcpReq.signal, confirmation })).result;
  }
  const { correlationId = unit.calls.newId() } = callersTrace(context, unit);
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
      run(params, context, unit, {
        signal,
        task,
        correlationId,
        confirmation,
        timeoutMs: unit.tasks.timeoutMs,
      }),
  });
  return "task" in started ? taskCreated(started.task) : started.result;
}

/** A task has no way to ask. A call that is answered with a plan becomes none, and one that is confirmed may. */
function willAsk(tool: Tool, params: CallParams, { token }: Confirmation, { calls }: ServingUnit): boolean {
  if (tool.effect === "read" || !calls.steps.confirmer.plansFirst) return false;
  return token === undefined && !params.arguments?.[confirmationArgument];
}

/** How this run differs from one that ends with its request. */
interface RunOptions {
  signal: AbortSignal;
  confirmation: Confirmation;
  task?: TaskTelling;
  correlationId?: string;
  timeoutMs?: number;
}

async function run(
  params: CallParams,
  context: ServerContext,
  unit: ServingUnit,
  { signal, confirmation, task, timeoutMs, correlationId }: RunOptions,
): Promise<TaskOutcome> {
  const progress = createProgressSender(context, unit.calls.now);
  const trace = callersTrace(context, unit);
  const result = await callTool(unit.calls, {
    name: params.name,
    arguments: params.arguments,
    principal: unit.principal,
    signal,
    timeoutMs,
    ...trace,
    correlationId: correlationId ?? trace.correlationId,
    outside: task?.outside,
    confirmation,
    progress(update) {
      task?.progress(update);
      if (!task?.isTask()) progress?.report(update);
    },
  });
  tellLimits(unit, result);
  const asked = questionOf(result, confirmation);
  if (!task?.isTask()) {
    await progress?.flush();
    if (!asked) await logOutcome(result, context, unit);
  }
  const outcome = toTaskOutcome(result, unit.era);
  return asked ? { ...outcome, result: asked } : outcome;
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
