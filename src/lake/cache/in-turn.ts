import { stopError } from "../stores/stopped.ts";

/** Runs pieces of work one after the other, in the order they were given. */
export function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}

/** Runs a piece of work once it is let in; one that is stopped before waits no more, and throws. */
export type Gate = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Lets at most `max` pieces of work run at once; the others wait in order. */
export function createGate(max: number): Gate {
  let running = 0;
  const waiting = new Set<() => void>();
  const enter = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      const onAbort = () => {
        waiting.delete(letIn);
        reject(stopError(signal));
      };
      const letIn = () => {
        waiting.delete(letIn);
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      waiting.add(letIn);
      signal.addEventListener("abort", onAbort, { once: true });
    });
  return async (work, signal) => {
    if (signal.aborted) throw stopError(signal);
    if (running >= max) await enter(signal);
    else running++;
    try {
      return await work();
    } finally {
      const [next] = waiting;
      if (next) next();
      else running--;
    }
  };
}
