/**
 * Calls the file system without a thread of Node's pool between, where the way there and back takes several times as long
 * as the call: through the pool while the disk is slow, as one behind a network may be, for then all that this process serves
 * would wait for each call.
 */
export interface DirectCalls {
  /** The same by both ways. Throws what the one taken does. */
  do<T>(direct: () => T, pooled: () => Promise<T>): Promise<T>;
}

/** What shows that a disk is slow at some calls, and how long they then go through the pool. */
export interface SlowDisk {
  /** What a call takes no longer than where the disk is quick. */
  slowMs: number;
  /** So many slow ones among the latest show it. */
  slowCalls: number;
  /** A call is made directly again, to see, once so much time has passed and so many calls were made. */
  pauseMs: number;
  pauseCalls: number;
}

/** No local disk takes 2 ms for such a call; a process that waits for its turn of the processor may, now and then. */
const anyCall: SlowDisk = { slowMs: 2, slowCalls: 4, pauseMs: 30_000, pauseCalls: 0 };

/**
 * To make a file takes a fraction of the way to the pool and back, but longer than that on network file systems, and where
 * ext4 looks long for an inode as many files were removed lately.
 */
export const newFile: SlowDisk = { slowMs: 0.25, slowCalls: 1, pauseMs: 0, pauseCalls: 64 };

const latestCalls = 16;
/** One that waits so long shows a slow disk alone. */
const hangingMs = 100;

/** `clock`: milliseconds that never go back. */
export function createDirectCalls(
  disk: SlowDisk = anyCall,
  clock: () => number = () => performance.now(),
): DirectCalls {
  let latest: boolean[] = [];
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let pausedCalls = 0;
  const note = (tookMs: number) => {
    latest = [...latest, tookMs > disk.slowMs].slice(-latestCalls);
    const isSlow = tookMs > hangingMs || latest.filter(Boolean).length >= disk.slowCalls;
    if (!isSlow) return;
    pausedUntilMs = clock() + disk.pauseMs;
    pausedCalls = disk.pauseCalls;
    // One more slow call after that, and it is slow still.
    latest = Array(disk.slowCalls - 1).fill(true);
  };
  return {
    async do(direct, pooled) {
      const startedMs = clock();
      if (pausedCalls > 0 || startedMs < pausedUntilMs) {
        pausedCalls--;
        return pooled();
      }
      try {
        return direct();
      } finally {
        note(clock() - startedMs);
      }
    },
  };
}
