import { ToolError } from "./errors.ts";
import type { Confirmed, ParsedCall } from "./steps.ts";
import type { KnownWrite, LostWrite } from "./write-records.ts";

/** What the same confirmation came to before. Throws `conflict` where there is no outcome to give. */
export function earlierWrite(known: Exclude<KnownWrite, LostWrite>): Confirmed {
  if (known.state === "ended" && known.outcome) return { outcome: known.outcome };
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
      throw new ToolError(
        "conflict",
        "The confirmation was used already, and its call has ended. Its result is not known here: it was too large to be kept, or is no more. It is not carried out again; look whether it was done.",
      );
  }
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
