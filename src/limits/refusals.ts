import { ToolError } from "../core/errors.ts";
import type { Rate } from "./token-bucket.ts";

/** Calls came faster than they may. */
export function tooFast({
  tool,
  rate,
  waitMs,
}: {
  tool: string | undefined;
  rate: Rate;
  waitMs: number;
}): ToolError {
  const { perSecond, burst } = rate;
  return throttled(
    `Too many calls${of(tool)} at once: ${perSecond} a second may come, and ${burst} after a pause. Wait ${waitMs} ms.`,
    {
      limit: "rate",
      retryAfterMs: waitMs,
      ratePerSecond: perSecond,
      burst,
      ...(tool !== undefined && { tool }),
    },
  );
}

/** The calls of a day are used up. */
export function dayUsedUp(used: {
  tool: string | undefined;
  perDay: number;
  resetsAtMs: number;
  nowMs: number;
}): ToolError {
  const { tool, perDay, resetsAtMs, nowMs } = used;
  const resetsAt = new Date(resetsAtMs).toISOString();
  return throttled(
    `The ${perDay} calls${of(tool)} of this day are used up. Counting starts anew at 00:00 UTC (${resetsAt}).`,
    { limit: "day", retryAfterMs: resetsAtMs - nowMs, perDay, resetsAt, ...(tool !== undefined && { tool }) },
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

/** Nobody is there to be answered. */
export function callerLeft(): ToolError {
  return new ToolError("timeout", "The caller cancelled the call.");
}

function of(tool: string | undefined): string {
  return tool === undefined ? "" : ` of ${tool}`;
}

function throttled(message: string, details: Record<string, unknown>): ToolError {
  return new ToolError("throttled", message, { details });
}
