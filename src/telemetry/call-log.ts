import { confirmationRequestIn } from "../core/confirmation-request.ts";
import { ToolError } from "../core/errors.ts";
import type { Call, Observer, Outcome } from "../core/steps.ts";
import type { Log, LogFields } from "./log.ts";
import { redactText } from "./redact-text.ts";

/** More than any tool's name has. */
const maxNameChars = 128;
const maxReasonChars = 500;
/** Room for a secret that begins before the cut, so that it is known by its look. */
const lookAheadChars = 512;

/**
 * Logs one line for each call, however it ends, and for each request that was refused before it was one. Arguments are left
 * out: they can hold anything. A fault is logged with what was thrown, which the caller never sees. A step that failed beside
 * its call has an error line of its own.
 */
export function createCallLog(log: Log): Observer {
  return {
    finished(call, outcome, durationMs) {
      const fields = fieldsOf(call, outcome, durationMs);
      if (outcome.kind === "completed") log.info("tool call", fields);
      else if (outcome.fault.code === "internal") log.error("tool call", fields);
      else log.warn("tool call", fields);
    },
    unknownTool({ hidden, name, principal, correlationId }, durationMs) {
      if (!hidden) {
        const who = callerOf({ principal, correlationId });
        const given = { tool: cut(name, maxNameChars), ...who, durationMs: Math.round(durationMs) };
        log.warn("tool call", { ...given, outcome: "not_found" });
        return;
      }
      const { tool, why } = hidden;
      const who = whoCalled({ tool, calledAs: name, principal, correlationId });
      log.warn("tool hidden", { ...who, ...(why !== undefined && { why }) });
    },
    refused({ principal, correlationId, code, reason }) {
      const who = callerOf({ principal, correlationId });
      log.warn("request refused", { ...who, outcome: code, reason: cut(reason, maxReasonChars) });
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

function cut(text: string, most: number): string {
  const shown = redactText(text.slice(0, most + lookAheadChars));
  return shown.length <= most ? shown : `${shown.slice(0, most)}… (${text.length} characters)`;
}

type Who = Pick<Call, "tool" | "calledAs" | "principal" | "correlationId">;

function whoCalled({ tool, calledAs, principal, correlationId }: Who): LogFields {
  return {
    tool: tool.name,
    ...(calledAs === tool.name ? {} : { calledAs }),
    ...callerOf({ principal, correlationId }),
  };
}

function callerOf({ principal, correlationId }: Pick<Call, "principal" | "correlationId">): LogFields {
  return { principal: principal.id, tenant: principal.tenantId, via: principal.via, correlationId };
}

function fieldsOf(call: Call, outcome: Outcome, durationMs: number): LogFields {
  return {
    ...whoCalled(call),
    durationMs: Math.round(durationMs),
    ...(outcome.repeatsMs !== undefined && { repeats: new Date(outcome.repeatsMs).toISOString() }),
    ...(outcome.kind === "completed"
      ? { outcome: "ok", sizeBytes: outcome.sizeBytes }
      : { outcome: outcome.fault.code, error: withoutPlan(outcome.thrown) }),
  };
}

/** A plan that waits to be confirmed quotes arguments: the log has that there is one. */
function withoutPlan(thrown: unknown): unknown {
  if (!(thrown instanceof ToolError) || !confirmationRequestIn(thrown.details)) return thrown;
  const { name, code, message } = thrown;
  return { name, code, message };
}
