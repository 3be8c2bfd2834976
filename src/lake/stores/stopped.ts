import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../../core/errors.ts";

/** What a stopped piece of work throws: the reason it was stopped for, where that is one to show. */
export function stopError(signal: AbortSignal): ToolError {
  if (signal.reason instanceof ToolError) return signal.reason;
  return new ToolError("timeout", "The call was stopped.", { cause: signal.reason });
}

/** Settles as `work` does, or throws as soon as `signal` aborts, for work that does not listen to it. */
export async function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    throw stopError(signal);
  }
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(stopError(signal));
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Waits so long; throws `stopError` as soon as `signal` aborts. */
export async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  await sleep(waitMs, undefined, { signal }).catch(() => {
    throw stopError(signal);
  });
}
