import { AsyncLocalStorage } from "node:async_hooks";
import type { CallPath } from "../../core/call.ts";

/** When each invocation must have an answer: a function that is out of time is killed with its calls unanswered. */
export class InvocationDeadlines {
  readonly #endsMs = new AsyncLocalStorage<number>();

  /** Everything `work` does, and what comes of it, ends by then. Milliseconds since the epoch. */
  run<T>(endsMs: number, work: () => Promise<T>): Promise<T> {
    return this.#endsMs.run(endsMs, work);
  }

  /** The call path whose calls take no longer than the invocation they belong to. */
  bound(calls: CallPath): CallPath {
    return {
      ...calls,
      mustEnd: () => {
        const atMs = this.#endsMs.getStore();
        return atMs === undefined ? undefined : { atMs, by: "the function's own timeout" };
      },
    };
  }
}
