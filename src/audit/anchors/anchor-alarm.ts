import type { Log } from "../../telemetry/log.ts";
import { atMost } from "../pause.ts";

/** Tells when anchors begin to fail, once, and when they can be written again. */
export interface AnchorAlarm {
  hasFailed(): boolean;
  failed(error: unknown): void;
  worked(): void;
  /** Waits for the last anchors of a process, and tells where the store does not answer in time. */
  ended(anchoring: Promise<void>): Promise<void>;
}

/** A store that hangs must not keep the process from ending: the next one anchors its own head, further on in the chain. */
const closeMs = 3_000;

/** `place` is for people. */
export function createAnchorAlarm(log: Log, place: string): AnchorAlarm {
  let hasFailed = false;
  const tell = (fields: { error: unknown } | { closeMs: number }) => {
    if (!hasFailed) log.error("audit anchor cannot be written", { place, ...fields });
    hasFailed = true;
  };
  return {
    hasFailed: () => hasFailed,
    failed: (error) => tell({ error }),
    worked() {
      if (hasFailed) log.warn("audit anchors can be written again", { place });
      hasFailed = false;
    },
    async ended(anchoring) {
      let hasEnded = false;
      const ending = anchoring.then(() => {
        hasEnded = true;
      });
      await atMost(closeMs, ending);
      if (!hasEnded) tell({ closeMs });
    },
  };
}
