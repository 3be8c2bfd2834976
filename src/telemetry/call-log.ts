import { ToolError } from "../core/errors.ts";
import {
  type GatheringClocks,
  gatherRefusals,
  type LeftOut,
  refusedAsUnknown,
  refusedCall,
} from "../core/gathered-refusals.ts";
import type { Principal } from "../core/principal.ts";
import type { Call, Observer, Outcome, UnknownCall } from "../core/steps.ts";
import type { Log, LogFields } from "./log.ts";
import { redactText } from "./redact-text.ts";

/** More than any tool's name has. */
const maxNameChars = 128;
const maxReasonChars = 500;
/** Room for a secret that begins before the cut, so that it is known by its look. */
const lookAheadChars = 512;

/** A log of calls that is to be closed when the last of them is over. */
export interface CallLog extends Observer {
  /** Logs what was only counted yet. */
  close(): void;
}

/**
 * Logs one line for each call, however it ends, and for each request that was refused before it was one; of a caller's refusals
 * beyond some a minute, one line that counts them. Arguments are left out: they can hold anything. A fault is logged with what was
 * thrown, which the caller never sees. A step that failed beside its call has an error line of its own.
 */
export function createCallLog(log: Log, clocks: GatheringClocks = { now: Date.now }): CallLog {
  const refusals = gatherRefusals((leftOut) => log.warn("refusals gathered", countsOf(leftOut)), clocks);
  return {
    close: refusals.close,
    finished(call, outcome, durationMs) {
      const isInternal = outcome.kind === "failed" && outcome.fault.code === "internal";
      const refused = isInternal ? undefined : refusedCall(call, outcome);
      if (refused && refusals.isGathered(refused)) return;
      const fields = fieldsOf(call, outcome, durationMs);
      if (outcome.kind === "completed") log.info("tool call", fields);
      else if (isInternal) log.error("tool call", fields);
      else log.warn("tool call", fields);
    },
    unknownTool(call, durationMs) {
      if (!refusals.isGathered(refusedAsUnknown(call))) logUnknown(log, call, durationMs);
    },
    refused({ principal, correlationId, code, reason }) {
      if (refusals.isGathered({ principal, result: code })) return;
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

function logUnknown(log: Log, { hidden, name, principal, correlationId }: UnknownCall, durationMs: number) {
  if (!hidden) {
    const who = callerOf({ principal, correlationId });
    const given = { tool: cut(name, maxNameChars), ...who, durationMs: Math.round(durationMs) };
    log.warn("tool call", { ...given, outcome: "not_found" });
    return;
  }
  const { tool, why } = hidden;
  const who = whoCalled({ tool, calledAs: name, principal, correlationId });
  log.warn("tool hidden", { ...who, ...(why !== undefined && { why }) });
}

function countsOf({ principal, result, leftOut, sinceMs, tools }: LeftOut): LogFields {
  return {
    ...whoIs(principal),
    outcome: result,
    leftOut,
    since: new Date(sinceMs).toISOString(),
    ...(tools.size > 0 && { tools: Object.fromEntries(tools) }),
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
  return { ...whoIs(principal), correlationId };
}

function whoIs({ id, tenantId, via }: Principal): LogFields {
  return { principal: id, tenant: tenantId, via };
}

function fieldsOf(call: Call, outcome: Outcome, durationMs: number): LogFields {
  return {
    ...whoCalled(call),
    durationMs: Math.round(durationMs),
    ...(outcome.repeatsMs !== undefined && { repeats: new Date(outcome.repeatsMs).toISOString() }),
    ...(outcome.kind === "completed"
      ? { outcome: "ok", sizeBytes: outcome.sizeBytes }
      : { outcome: outcome.fault.code, error: told(outcome.thrown) }),
  };
}

/**
 * A fault on purpose is told by its words: where in the code it was thrown says nothing that its code and message do not. Its details
 * are left out, as a plan that waits to be confirmed quotes arguments. Of what is not ours there is all.
 */
function told(thrown: unknown): unknown {
  if (!(thrown instanceof ToolError) || thrown.code === "internal") return thrown;
  const { name, code, message, cause } = thrown;
  return { name, code, message, ...(cause !== undefined && { cause: told(cause) }) };
}
