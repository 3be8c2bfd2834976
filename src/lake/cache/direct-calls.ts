/**
 * Calls the file system without a thread of Node's pool between, where the way there and back takes several times as long
 * as the call: through the pool while the disk is slow, as one behind a network may be, for then all that this process serves
 * would wait for each call.
 */
export interface DirectCalls {
  /** The same by both ways. Throws what the one taken does. */
  do<T>(direct: () => T, pooled: () => Promise<T>): Promise<T>;
}

/** What no local disk takes for such a call; a process that waits for its turn of the processor may. */
const slowMs = 2;
/** So many slow ones among the latest show a slow disk, and no busy processor. */
const slowCalls = 4;
const latestCalls = 16;
/** One that waits so long shows it alone. */
const hangingMs = 100;
/** After this time a call is made directly again, to see. */
const looksAgainMs = 30_000;

/** `clock`: milliseconds that never go back. */
export function createDirectCalls(clock: () => number = () => performance.now()): DirectCalls {
  let latest: boolean[] = [];
  let slowUntilMs = Number.NEGATIVE_INFINITY;
  const note = (tookMs: number) => {
    latest = [...latest, tookMs > slowMs].slice(-latestCalls);
    const isSlow = tookMs > hangingMs || latest.filter(Boolean).length >= slowCalls;
    if (!isSlow) return;
    slowUntilMs = clock() + looksAgainMs;
    // One more slow call after that time, and it is slow still.
    latest = Array(slowCalls - 1).fill(true);
  };
  return {
    async do(direct, pooled) {
      const startedMs = clock();
      if (startedMs < slowUntilMs) return pooled();
      try {
        return direct();
      } finally {
        note(clock() - startedMs);
      }
    },
  };
}
