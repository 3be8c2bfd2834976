import { setImmediate } from "node:timers/promises";

/** Work in small steps: each `yield` is a place where it may pause. */
export type Steps<Result> = Generator<undefined, Result>;

/** Other calls wait no longer than this for their turn. */
const turnMs = 15;

/** Does the work in turns, between which everything else has its own. Throws the signal's reason once it aborts. */
export async function inTurns<Result>(steps: Steps<Result>, signal: AbortSignal): Promise<Result> {
  for (;;) {
    signal.throwIfAborted();
    const untilMs = performance.now() + turnMs;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (performance.now() < untilMs);
    await setImmediate();
  }
}
