/** What became of calls that came at a steady rate, whether the ones before were answered or not. */
export interface SteadyLoad {
  /** Stops calling, and waits for what is under way. Milliseconds each took, in the order they came back. */
  stop(): Promise<number[]>;
}

/** Calls `perSecond` times a second. A call that rejects makes `stop` reject. */
export function startSteadyLoad(perSecond: number, call: (index: number) => Promise<void>): SteadyLoad {
  const startedMs = performance.now();
  const calls: Promise<void>[] = [];
  const tookMs: number[] = [];
  const timed = async (index: number) => {
    const fromMs = performance.now();
    await call(index);
    tookMs.push(performance.now() - fromMs);
  };
  const timer = setInterval(() => {
    // A timer that came late owes calls.
    const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond);
    while (calls.length < due) {
      const made = timed(calls.length);
      made.catch(() => {});
      calls.push(made);
    }
  }, 1_000 / perSecond);
  return {
    async stop() {
      clearInterval(timer);
      await Promise.all(calls);
      return tookMs;
    },
  };
}
