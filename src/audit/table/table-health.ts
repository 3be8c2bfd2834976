import type { Log } from "../../telemetry/log.ts";
import type { TableHealth } from "./table-chain.ts";

/** After a failure the table is left alone for so long: meanwhile writes are refused at once. */
const retryMs = 1_000;
const alarmEveryMs = 60_000;

interface HealthOptions {
  log: Log;
  now(): number;
  table: string;
  /** Asks for another try. */
  retry(): void;
  recovered(): void;
}

/** Tells whoever runs the server when the table cannot be written, once a minute, and when it can again. */
export function createTableHealth({ log, now, table, retry, recovered }: HealthOptions) {
  let fault: { thrown: unknown; triedMs: number } | undefined;
  let appendedRecords = 0;
  let failedWrites = 0;
  let alarmedMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const health: TableHealth = {
    fault: () => (fault && now() - fault.triedMs < retryMs ? fault : undefined),
    tried() {
      if (fault) fault.triedMs = now();
    },
    failed(thrown) {
      failedWrites++;
      fault = { thrown, triedMs: now() };
      if (now() - alarmedMs >= alarmEveryMs) {
        alarmedMs = now();
        const advice =
          "Writes are refused until it can. Look at the table, its capacity and the server's rights on it.";
        log.error("audit table cannot be written", { table, advice, error: thrown });
      }
      clearTimeout(timer);
      timer = setTimeout(retry, retryMs).unref();
    },
    worked() {
      appendedRecords++;
      if (!fault) return;
      fault = undefined;
      alarmedMs = Number.NEGATIVE_INFINITY;
      log.warn("audit table can be written again", { table });
      recovered();
    },
  };
  return {
    ...health,
    counts: () => ({ appendedRecords, failedWrites, isWritable: fault === undefined }),
    stop: () => clearTimeout(timer),
  };
}
