import { ToolError } from "./errors.ts";
import type { Confirmed, Outcome, ParsedCall } from "./steps.ts";
import { alreadyCarriedOutAt } from "./tool.ts";
import type { KnownWrite, LostWrite } from "./write-records.ts";

/**
 * How long after its end a write is answered again: clients give up on a request after a minute, and those that send it again
 * do so at once. What comes later is no retry, and is refused.
 */
const retriedWithinMs = 2 * 60_000;

/**
 * What the same confirmation came to before: given again to a retry, marked as such, under the correlation id of this call.
 * Throws `conflict` for a replay, and where there is no outcome to give.
 */
export function earlierWrite(
  { correlationId }: Pick<ParsedCall, "correlationId">,
  known: Exclude<KnownWrite, LostWrite>,
  nowMs: number,
): Confirmed {
  switch (known.state) {
    case "running":
      throw new ToolError(
        "conflict",
        "This confirmed call is being carried out already. Call again with the same confirmationToken for its result.",
        { retryable: true },
      );
    case "turned_down":
      throw new ToolError(
        "conflict",
        "The confirmation was turned down or expired, and nothing was done. Call without confirmationToken for a new plan.",
      );
    case "ended":
      return endedWrite(correlationId, known, nowMs);
  }
}

function endedWrite(
  correlationId: string,
  { endedMs, outcome }: Extract<KnownWrite, { state: "ended" }>,
  nowMs: number,
): Confirmed {
  if (endedMs === undefined) throw resultUnknown({});
  const details = { replayed: true, carriedOutAt: new Date(endedMs).toISOString() };
  if (nowMs - endedMs > retriedWithinMs) {
    const result = outcome && (outcome.kind === "completed" ? "ok" : outcome.fault.code);
    throw new ToolError(
      "conflict",
      `The confirmation was used already: its call ended at ${details.carriedOutAt}, and nothing was done again. A confirmation is good once; call without confirmationToken for a new plan.`,
      { details: { ...details, ...(result !== undefined && { result }) } },
    );
  }
  if (!outcome) throw resultUnknown(details);
  return { outcome: marked(outcome, correlationId, endedMs, details) };
}

function resultUnknown(details: Record<string, unknown>): ToolError {
  return new ToolError(
    "conflict",
    "The confirmation was used already, and its call has ended. Its result is not known here: it was too large to be kept, or is no more. It is not carried out again; look whether it was done.",
    { details },
  );
}

/** Says in what the caller gets that nothing was done now. */
function marked(
  outcome: Outcome,
  correlationId: string,
  endedMs: number,
  details: { replayed: boolean; carriedOutAt: string },
): Outcome {
  const { carriedOutAt } = details;
  if (outcome.kind === "completed") {
    const output = { ...outcome.output, [alreadyCarriedOutAt]: carriedOutAt };
    return { ...outcome, output, repeatsMs: endedMs };
  }
  const { fault } = outcome;
  const message = `${fault.message} (Nothing was done again: this is the answer of the call that ended at ${carriedOutAt}.)`;
  return {
    ...outcome,
    fault: { ...fault, correlationId, message, details: { ...fault.details, ...details } },
    repeatsMs: endedMs,
  };
}

/** Of a call whose server died, or fell silent, after it had begun. */
export function uncertainWrite({ tool }: ParsedCall, { begunMs, about }: LostWrite): ToolError {
  const begunAt = new Date(begunMs).toISOString();
  const where = about.length > 0 ? `Look at ${about.join(", ")}` : "Look at what it would have changed";
  return new ToolError(
    "conflict",
    `This confirmed call of ${tool.name} was begun at ${begunAt} by a server that is not heard of any more. It may have been carried out or not, and is not carried out again. ${where}; where it was not done, call without confirmationToken for a new plan.`,
    { details: { uncertain: true, begunAt, check: about } },
  );
}
