import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  type Server,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { ToolError, toFault } from "../../core/errors.ts";
import { maySee, rightsOf } from "../may-see.ts";
import type { ServingUnit } from "../unit.ts";
import { resumedWork } from "./resumed-work.ts";
import type { TaskRecord } from "./store.ts";
import { maxTaskIdChars, type SealedCall } from "./task-ids.ts";

/** Source: MCP extension io.modelcontextprotocol/tasks (SEP-2663), revision 2026-07-28. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

const pollIntervalMs = 1_000;
/** For the requests that stop what runs elsewhere. */
const stopMs = 30_000;
const schemas = {
  params: z.looseObject({ taskId: z.string().min(1).max(maxTaskIdChars) }),
  result: z.looseObject({}),
};
const capabilities = z.looseObject({ extensions: z.record(z.string(), z.unknown()).optional() });

/** Whether the client said in this very request that it takes tasks. One that did not must never get one. */
export function takesTasks({ mcpReq }: ServerContext): boolean {
  const envelope: Record<string, unknown> = mcpReq.envelope ?? {};
  const declared = capabilities.safeParse(envelope[CLIENT_CAPABILITIES_META_KEY]).data;
  return declared?.extensions?.[tasksExtension] !== undefined;
}

/** Throws MCP's error for a client that did not say that it takes tasks. */
export function requireTasks(context: ServerContext): void {
  if (takesTasks(context)) return;
  throw new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [tasksExtension]: {} } },
  });
}

/** The answer to a call that became a task. */
export function taskCreated(task: TaskRecord): Result {
  return { resultType: "task", status: "working", ...commonOf(task) };
}

/** tasks/get: how a task is, and with what it ended. */
export function serveTaskGet(server: Server, unit: ServingUnit): void {
  serve(server, unit, "tasks/get", (task) => {
    const { end } = task;
    return { ...commonOf(task), ...(end ?? { status: "working" }) };
  });
}

/** tasks/cancel: asks a task to stop. */
export function serveTaskCancel(server: Server, unit: ServingUnit): void {
  handle(server, unit, "tasks/cancel", async (taskId) => {
    const { tasks, principal } = unit;
    const isFound = await tasks.cancel(taskId, principal, {
      isVisible: (toolName) => maySee(unit, toolName),
      stopOutside: (sealed) => stopOutside(unit, sealed),
    });
    if (!isFound) throw notFound();
    return {};
  });
}

/** tasks/update: brings what a task asked of its client. Ours ask for nothing, and what was not asked for is ignored. */
export function serveTaskUpdate(server: Server, unit: ServingUnit): void {
  serve(server, unit, "tasks/update", () => ({}));
}

function serve(
  server: Server,
  unit: ServingUnit,
  method: string,
  answer: (task: TaskRecord) => Result,
): void {
  handle(server, unit, method, async (taskId) => answer(await find(unit, taskId)));
}

function handle(
  server: Server,
  unit: ServingUnit,
  method: string,
  answer: (taskId: string) => Promise<Result>,
): void {
  if (unit.era === "legacy" || !unit.surface.hasTasks) return;
  server.setRequestHandler(method, schemas, async ({ taskId }, context) => {
    requireTasks(context);
    return answer(taskId);
  });
}

/** What is not there, is another's, was done with other rights, or is of a tool that may not be seen any more, is answered alike. */
async function find(unit: ServingUnit, taskId: string): Promise<TaskRecord> {
  const { tasks, principal } = unit;
  const task = await tasks.find(taskId, principal, (sealed) => resumedWork(unit, sealed));
  if (task && maySee(unit, task.toolName) && task.rights === rightsOf(unit, task.toolName)) return task;
  throw notFound();
}

/** Throws MCP's error where the work may go on. */
async function stopOutside({ calls, principal }: ServingUnit, { name, work }: SealedCall): Promise<void> {
  const tool = calls.registry.find(name)?.tool;
  try {
    if (!tool?.stopOutside) throw new ToolError("unsupported", "This server cannot stop the task's work.");
    await tool.stopOutside(work, { ...calls.services, principal, signal: AbortSignal.timeout(stopMs) });
  } catch (thrown) {
    const { message } = toFault(thrown, calls.newId());
    throw new ProtocolError(ProtocolErrorCode.InternalError, `The task may go on: ${message}`);
  }
}

function notFound(): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    "Task not found. It may have been kept long enough.",
  );
}

function commonOf({ taskId, createdMs, updatedMs, ttlMs, statusMessage }: TaskRecord) {
  return {
    taskId,
    createdAt: new Date(createdMs).toISOString(),
    lastUpdatedAt: new Date(updatedMs).toISOString(),
    ttlMs,
    pollIntervalMs,
    ...(statusMessage === undefined ? {} : { statusMessage }),
  };
}
