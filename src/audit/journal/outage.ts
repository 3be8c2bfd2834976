import type { Log } from "../../telemetry/log.ts";
import type { RecordFields } from "../record/record.ts";

/** A time during which the journal cannot be written: when it is tried again, who is told, and what is noted after. */
export interface Outage {
  begin(thrown: unknown): void;
  /** Why the journal cannot be written; nothing while it can. */
  fault(): { thrown: unknown } | undefined;
  /** Whether the last try is long enough ago for another. */
  mayRetry(): boolean;
  retryLater(again: () => void): void;
  dropped(records: number): void;
  /** The record of the outage, to stand before what was kept during it. */
  note(): RecordFields | undefined;
  end(): void;
  stop(): void;
}

const retryMs = 1_000;
const alarmEveryMs = 60_000;

interface Fault {
  thrown: unknown;
  sinceMs: number;
  triedMs: number;
  alarmedMs: number;
  droppedCount: number;
}

export function createOutage({ log, now, dir }: { log: Log; now(): number; dir: string }): Outage {
  let fault: Fault | undefined;
  let timer: NodeJS.Timeout | undefined;

  function alarm(current: Fault): void {
    current.alarmedMs = now();
    log.error("audit journal cannot be written", {
      dir,
      since: new Date(current.sinceMs).toISOString(),
      advice: "Writes are refused until it can. Free space on its disk, or mend the rights of its folder.",
      error: current.thrown,
    });
  }

  return {
    begin(thrown) {
      if (!fault) {
        fault = { thrown, sinceMs: now(), triedMs: now(), alarmedMs: 0, droppedCount: 0 };
        alarm(fault);
        return;
      }
      fault.thrown = thrown;
      fault.triedMs = now();
      if (now() - fault.alarmedMs >= alarmEveryMs) alarm(fault);
    },
    fault: () => fault,
    mayRetry: () => fault !== undefined && now() - fault.triedMs >= retryMs,
    retryLater(again) {
      clearTimeout(timer);
      timer = setTimeout(again, retryMs);
      timer.unref();
    },
    dropped(records) {
      if (fault) fault.droppedCount += records;
    },
    note() {
      if (!fault) return undefined;
      const { sinceMs, droppedCount, thrown } = fault;
      return {
        kind: "gap",
        time: new Date(now()).toISOString(),
        since: new Date(sinceMs).toISOString(),
        reason: reasonOf(thrown),
        droppedRecords: droppedCount,
      };
    },
    end() {
      if (!fault) return;
      log.warn("audit journal can be written again", { dir, droppedRecords: fault.droppedCount });
      fault = undefined;
    },
    stop: () => clearTimeout(timer),
  };
}

/** A code where there is one: what systems say in words holds paths. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "unknown";
  return "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
}
