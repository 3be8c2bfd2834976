import type { Log } from "../../telemetry/log.ts";

/** Tells when anchors begin to fail, once, and when they can be written again. */
export interface AnchorAlarm {
  hasFailed(): boolean;
  failed(error: unknown): void;
  worked(): void;
  /** The process ends before the store answered. */
  late(closeMs: number): void;
}

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
    late: (closeMs) => tell({ closeMs }),
  };
}
