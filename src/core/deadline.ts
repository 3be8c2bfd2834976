import { setMaxListeners } from "node:events";
import { ToolError } from "./errors.ts";

/** How long a call may take, and what has it so. */
export interface TimeGiven {
  /** Milliseconds. */
  timeoutMs: number;
  /** For the caller to know whom to ask: a setting's name, or what else bounds the call. */
  setting: string;
  /** `timeoutMs` is what `setting` left the call, not its value. */
  isRest?: boolean;
  /** Its value, where that is known. Milliseconds. */
  wholeMs?: number;
}

interface TimeAllowed extends TimeGiven {
  /** How much of it is gone before the work begins. Milliseconds. */
  elapsedMs: number;
}

/**
 * Runs `work` until it settles, what is left of `timeoutMs` has passed, or `caller` aborts, whichever is first.
 * `work` gets a signal that covers both. Throws `timeout` for either; with nothing left, `work` is not begun.
 */
export async function runWithin<T>(
  { elapsedMs, ...given }: TimeAllowed,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { timeoutMs } = given;
  const late = () => timedOut(given);
  // A clock set back while the call waited must not give it more than the whole.
  const leftMs = Math.min(timeoutMs, timeoutMs - elapsedMs);
  if (leftMs <= 0) throw late();
  const controller = new AbortController();
  const stop = (error: ToolError) => controller.abort(error);
  const timer = setTimeout(() => stop(late()), leftMs);
  const onCallerAbort = () => stop(new ToolError("timeout", "The caller cancelled the call."));
  if (caller?.aborted) onCallerAbort();
  caller?.addEventListener("abort", onCallerAbort, { once: true });
  const { signal } = controller;
  // A call over many files waits for many things at once, each with its listener: no leak for Node to warn of.
  setMaxListeners(0, signal);
  try {
    return await Promise.race([rejectOnAbort(signal), work(signal)]);
  } catch (thrown) {
    // Libraries reject with their own AbortError, often wrapped: what stopped the call is known better here.
    throw signal.aborted ? signal.reason : thrown;
  } finally {
    clearTimeout(timer);
    caller?.removeEventListener("abort", onCallerAbort);
  }
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

const askForLess =
  "Ask for less at once (fewer files, rows or columns); the same again helps only where something it waited for is quicker.";

function timedOut(given: TimeGiven): ToolError {
  const { timeoutMs, setting, wholeMs } = given;
  return new ToolError(
    "timeout",
    `The call was stopped after ${timeoutMs} ms${whyThen(given)} ${askForLess}`,
    {
      details: { timeoutMs, setting, ...(wholeMs !== undefined && { wholeMs }) },
    },
  );
}

function whyThen({ setting, isRest = false, wholeMs }: TimeGiven): string {
  if (!isRest) return `, waiting included, as ${setting} has it.`;
  const whole = wholeMs === undefined ? "" : ` (${wholeMs} ms), which counts from its beginning`;
  return ` here, waiting included: it had no more of ${setting}${whole}.`;
}
