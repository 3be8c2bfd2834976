import type { ReadRecord } from "../../audit/record/record.ts";

/** A record as one line for people. */
export function wordsOf(record: ReadRecord): string {
  const {
    time,
    kind,
    tool,
    effect,
    principal,
    tenant,
    result,
    durationMs,
    correlationId,
    arguments: args,
  } = record;
  if (kind === "unauthenticated") {
    const { reason = "more of them", method = "", path = "", leftOut = "" } = record;
    return [time, kind, result, method, path, reason, leftOut]
      .filter((part) => part !== undefined && part !== "")
      .join(" ");
  }
  if (kind === "refused") return `${time} ${kind} ${result} ${principal}@${tenant} ${record.leftOut} more`;
  if (tool === undefined) return `${time} ${kind} ${record.chain} ${record.sequence}`;
  const took = durationMs === undefined ? "" : ` ${durationMs} ms`;
  const who = `${principal}@${tenant}`;
  const what = [time, kind, tool, effect, result, who, correlationId].filter((part) => part !== undefined);
  return `${what.join(" ")}${took}${args === undefined ? "" : ` ${JSON.stringify(args)}`}`;
}
