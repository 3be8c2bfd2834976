import { callTool } from "../../core/call.ts";
import { maySee, rightsOf } from "../may-see.ts";
import { toTaskOutcome } from "../outcome.ts";
import type { ServingUnit } from "../unit.ts";
import type { TaskWork } from "./runner.ts";
import type { SealedCall } from "./task-ids.ts";

/** For fetching the result of what has long ended. */
const leastMs = 30_000;

/** A call that was begun elsewhere, as this process goes on with it. Undefined where its caller may not see its tool any more, or has other rights. */
export function resumedWork(unit: ServingUnit, sealed: SealedCall): TaskWork | undefined {
  const { calls, principal, era, tasks } = unit;
  const tool = calls.registry.find(sealed.name)?.tool;
  const { name, arguments: given, correlationId, rights } = sealed;
  if (!tool || !maySee(unit, name) || rights !== rightsOf(unit, name)) return undefined;
  const leftMs = sealed.createdMs + tasks.timeoutMs - calls.now();
  return {
    toolName: tool.name,
    call: { name, arguments: given, correlationId, rights },
    principal,
    async run(signal, { progress, outside }) {
      const result = await callTool(calls, {
        name,
        arguments: given,
        principal,
        signal,
        timeoutMs: Math.max(leftMs, leastMs),
        timeoutOfMs: tasks.timeoutMs,
        correlationId,
        progress,
        outside,
      });
      return toTaskOutcome(result, era);
    },
  };
}
