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
import type { ServingUnit } from "../unit.ts";
import { resumedWork } from "./resumed-work.ts";
import type { TaskRecord } from "./store.ts";
import { maxTaskIdChars } from "./task-ids.ts";

/** Source: MCP extension io.modelcontextprotocol/tasks (SEP-2663), revision 2026-07-28. */
export const tasksExtension = "io.modelcontextprotocol/tasks";

const pollIntervalMs = 1_000;
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
  serve(server, unit, "tasks/cancel", ({ taskId }) => {
    unit.tasks.cancel(taskId);
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
  if (unit.era === "legacy" || !unit.surface.hasTasks) return;
  server.setRequestHandler(method, schemas, async ({ taskId }, context) => {
    requireTasks(context);
    return answer(await find(unit, taskId));
  });
}

/** What is not there, is another's, or is of a tool that may not be seen any more, is answered alike. */
async function find(unit: ServingUnit, taskId: string): Promise<TaskRecord> {
  const { tasks, calls, principal } = unit;
  const task = await tasks.find(taskId, principal, (sealed) => resumedWork(unit, sealed));
  const tool = task && calls.registry.find(task.toolName)?.tool;
  if (task && tool && calls.steps.policy.visible(principal, tool)) return task;
  throw new ProtocolError(
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
