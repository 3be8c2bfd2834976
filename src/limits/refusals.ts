import { ToolError } from "../core/errors.ts";
import type { DailyRule, RatedRule, Rule } from "./rules.ts";

/** Calls came faster than they may. */
export function tooFast(rule: RatedRule, waitMs: number): ToolError {
  const { perSecond, burst } = rule.rate;
  return throttled(
    `Too many calls${of(rule)} at once: ${perSecond} a second may come, and ${burst} after a pause. Wait ${waitMs} ms.`,
    { limit: "rate", retryAfterMs: waitMs, ratePerSecond: perSecond, burst, ...whose(rule) },
  );
}

/** The calls of a day are used up. */
export function dayUsedUp(
  rule: DailyRule,
  { resetsAtMs, nowMs }: { resetsAtMs: number; nowMs: number },
): ToolError {
  const { perDay } = rule;
  const resetsAt = new Date(resetsAtMs).toISOString();
  return throttled(
    `The ${perDay} calls${of(rule)} of this day are used up. Counting starts anew at 00:00 UTC (${resetsAt}).`,
    { limit: "day", retryAfterMs: resetsAtMs - nowMs, perDay, resetsAt, ...whose(rule) },
  );
}

/** As many calls run and wait as may. */
export function noPlace({ concurrency, queue }: { concurrency: number; queue: number }): ToolError {
  return throttled(
    `This server runs ${concurrency} calls at once, and ${queue} more may wait. Try again in a moment.`,
    { limit: "concurrency", retryAfterMs: 1_000, concurrency },
  );
}

/** A call waited for a place as long as it may. */
export function waitedTooLong(waitedMs: number): ToolError {
  return throttled(`The call waited ${waitedMs} ms for a place and got none. Try again in a moment.`, {
    limit: "concurrency",
    retryAfterMs: 1_000,
  });
}

/** A caller has as many streams open as it may. */
export function tooManyStreams(streamsPerPrincipal: number): ToolError {
  return throttled(
    `You have ${streamsPerPrincipal} event streams open, as many as one caller may have here. End one of them first.`,
    { limit: "streams", retryAfterMs: streamRetryMs, streamsPerPrincipal },
  );
}

/** All callers together have as many streams open as the process keeps. */
export function tooManyStreamsInAll(streams: number): ToolError {
  return throttled(`This server has ${streams} event streams open, as many as it keeps. Try again later.`, {
    limit: "streams",
    retryAfterMs: streamRetryMs,
    streams,
  });
}

/** By then the server has noticed which clients are gone. */
const streamRetryMs = 30_000;

/** Nobody is there to be answered. */
export function callerLeft(): ToolError {
  return new ToolError("timeout", "The caller cancelled the call.");
}

function of({ tool, isOfTenant }: Rule): string {
  if (isOfTenant) return " of your whole tenant";
  return tool === undefined ? "" : ` of ${tool}`;
}

function whose({ tool, isOfTenant }: Rule): Record<string, unknown> {
  return { ...(tool !== undefined && { tool }), ...(isOfTenant && { sharedBy: "tenant" }) };
}

function throttled(message: string, details: Record<string, unknown>): ToolError {
  return new ToolError("throttled", message, { details });
}
