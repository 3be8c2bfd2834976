import process from "node:process";
import type { Log } from "../../telemetry/log.ts";

/**
 * Writes what nobody caught as one line of the log, where Node would print a page to standard error, and ends
 * the process: its state cannot be trusted any more. Whoever started it starts it again.
 */
export function logCrashes(log: Log): void {
  const crash = (error: unknown) => {
    log.error("crash", { error });
    process.exit(1);
  };
  process.once("uncaughtException", crash);
  process.once("unhandledRejection", crash);
}
