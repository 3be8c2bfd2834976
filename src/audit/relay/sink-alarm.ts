import type { Log } from "../../telemetry/log.ts";

/** Tells when a sink begins to fail, once a minute while it does, and when it takes records again. */
export interface SinkAlarm {
  /** How often it failed since it last took records. */
  failures(): number;
  /** How often it failed since the process began. */
  allFailures(): number;
  failed(error: unknown, backlogRecords: number): void;
  worked(): void;
}

const againAfterMs = 60_000;

export function createSinkAlarm(sink: string, log: Log, now: () => number): SinkAlarm {
  let failures = 0;
  let allFailures = 0;
  let toldMs = 0;
  return {
    failures: () => failures,
    allFailures: () => allFailures,
    failed(error, backlogRecords) {
      failures++;
      allFailures++;
      if (failures > 1 && now() - toldMs < againAfterMs) return;
      toldMs = now();
      log.error("audit sink fails", { sink, backlogRecords, failures, error });
    },
    worked() {
      if (failures > 0) log.warn("audit sink takes records again", { sink });
      failures = 0;
    },
  };
}
