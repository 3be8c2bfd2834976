import { setTimeout as sleep } from "node:timers/promises";

/** How slow the way to the store is. */
export interface Link {
  firstByteMs: number;
  /** Of one connection. */
  bytesPerSecondPerConnection: number;
  /** Of all connections together; 0 is no bound. */
  bytesPerSecond: number;
}

/** What all benchmarks measure over, unless told otherwise. */
export const usualLink: Link = { firstByteMs: 30, bytesPerSecondPerConnection: 90e6, bytesPerSecond: 0 };

/** Tells when the next bytes of one answer may go out. */
export type Pace = (chunkBytes: number) => Promise<void>;

/**
 * Answers share the link's bound, first come first served. Clocks run from the first chunk, so that errors do not add
 * up; what was not used for longer than `slackMs` is lost, as it is on a wire.
 */
export function createLink({ bytesPerSecondPerConnection, bytesPerSecond }: Link): { open(): Pace } {
  let linkFreeMs = 0;
  return {
    open() {
      let freeMs = performance.now();
      return async (chunkBytes) => {
        const nowMs = performance.now();
        freeMs = Math.max(freeMs, nowMs - slackMs) + (chunkBytes / bytesPerSecondPerConnection) * 1_000;
        if (bytesPerSecond > 0) {
          linkFreeMs = Math.max(linkFreeMs, nowMs - slackMs) + (chunkBytes / bytesPerSecond) * 1_000;
        }
        const waitMs = Math.max(freeMs, linkFreeMs) - nowMs;
        if (waitMs >= 1) await sleep(waitMs);
      };
    },
  };
}

/** Timers wake a little late: so much is caught up with. */
const slackMs = 10;
