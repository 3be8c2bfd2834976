import { setMaxListeners } from "node:events";
import { ToolError } from "./errors.ts";

/**
 * Runs `work` until it settles, `timeoutMs` have passed, or `caller` aborts, whichever is first.
 * `work` gets a signal that covers both. Throws `timeout` for either.
 */
export async function runWithin<T>(
  timeoutMs: number,
  caller: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (error: ToolError) => controller.abort(error);
  const timer = setTimeout(
    () =>
      stop(
        new ToolError("timeout", `The call took longer than ${timeoutMs} ms and was stopped. Ask for less.`),
      ),
    timeoutMs,
  );
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
