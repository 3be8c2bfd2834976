import { ToolError } from "./errors.ts";

/** Work of another system that a call began, and that goes on whatever becomes of this process. */
export interface OutsideWork {
  /** Who does it, such as an engine. */
  system: string;
  /** The id it has there. */
  id: string;
  /** What the call's result is to say of how it came to that. */
  notes: string[];
}

/**
 * Marks a failure that says nothing of the work, which goes on: asked again, the call may find it done. Others are left
 * as they are.
 */
export function goingOn(thrown: unknown): unknown {
  if (!(thrown instanceof ToolError) || !["throttled", "unavailable", "timeout"].includes(thrown.code))
    return thrown;
  const { code, message, details, retryable } = thrown;
  return new ToolError(code, message, {
    cause: thrown,
    details: { ...details, workGoesOn: true },
    retryable,
  });
}

/** What ties a call to such work. */
export interface Outside {
  /** Such work is about to begin: whoever names the call should wait for `began`. */
  beginning(): void;
  began(work: OutsideWork): void;
  /** What the same call began before, in this process or another: to be waited for in place of beginning again. */
  resumes?: OutsideWork | undefined;
  /** Whether the call is stopped because its process ends: the work is then left as it is. */
  isLeaving(): boolean;
}
