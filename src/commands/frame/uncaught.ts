import process from "node:process";
import type { Log } from "../../telemetry/log.ts";

/**
 * Logs what nobody caught, one line each, where Node would print a page to standard error. A rejection nobody
 * waited for concerns its own call, and the server goes on. An exception outside any call leaves a state that
 * cannot be trusted: the process ends, and whoever started it starts it again.
 */
export function logUncaught(log: Log): void {
  logWarnings(log);
  process.on("unhandledRejection", (error) => log.error("unhandled rejection", { error }));
  process.once("uncaughtException", (error) => {
    log.error("crash", { error });
    process.exit(1);
  });
}

/** What Node and libraries warn of, one line each: Node would print it in lines of its own, secrets and all. */
export function logWarnings(log: Pick<Log, "warn">): void {
  process.removeAllListeners("warning");
  process.on("warning", (warning) => log.warn("runtime warning", { error: warning }));
}
