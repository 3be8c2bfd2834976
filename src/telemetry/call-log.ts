import type { Call, Observer, Outcome } from "../core/steps.ts";
import type { Log, LogFields } from "./log.ts";

/**
 * Logs one line per finished call, and per call of a tool that is hidden from its caller. Arguments are left out: they can hold anything. A fault is logged with what
 * was thrown, which the caller never sees. A step that failed beside its call has an error line of its own.
 */
export function createCallLog(log: Log): Observer {
  return {
    finished(call, outcome, durationMs) {
      const fields = fieldsOf(call, outcome, durationMs);
      if (outcome.kind === "completed") log.info("tool call", fields);
      else if (outcome.fault.code === "internal") log.error("tool call", fields);
      else log.warn("tool call", fields);
    },
    unknownTool({ hidden, name, principal, correlationId }) {
      // What callers make up is on record, and no line of the log.
      if (!hidden) return;
      const { tool, why } = hidden;
      const who = whoCalled({ tool, calledAs: name, principal, correlationId });
      log.warn("tool hidden", { ...who, ...(why !== undefined && { why }) });
    },
    stepFailed({ step, thrown, call }) {
      log.error("step failed", {
        step,
        ...(call && { tool: call.tool.name, correlationId: call.correlationId }),
        error: thrown,
      });
    },
  };
}

type Who = Pick<Call, "tool" | "calledAs" | "principal" | "correlationId">;

function whoCalled({ tool, calledAs, principal, correlationId }: Who): LogFields {
  return {
    tool: tool.name,
    ...(calledAs === tool.name ? {} : { calledAs }),
    principal: principal.id,
    tenant: principal.tenantId,
    via: principal.via,
    correlationId,
  };
}

function fieldsOf(call: Call, outcome: Outcome, durationMs: number): LogFields {
  return {
    ...whoCalled(call),
    durationMs: Math.round(durationMs),
    ...(outcome.kind === "completed"
      ? { outcome: "ok", sizeBytes: outcome.sizeBytes }
      : { outcome: outcome.fault.code, error: outcome.thrown }),
  };
}
