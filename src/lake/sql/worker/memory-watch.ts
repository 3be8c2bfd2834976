import { writeSync } from "node:fs";
import { memorySignal } from "../protocol.ts";

const everyMs = 100;

/**
 * Leaves the process once more than `maxRssBytes` of it are resident: the bound where the system keeps none. The
 * engine works on threads of its own, so the timer fires while a statement runs.
 */
export function watchMemory(maxRssBytes: number): void {
  setInterval(() => {
    if (process.memoryUsage.rss() <= maxRssBytes) return;
    writeSync(2, "memory exhausted\n");
    // An exit would wait for the engine's threads, which are what takes the memory.
    process.kill(process.pid, process.platform === "win32" ? "SIGKILL" : memorySignal);
  }, everyMs);
}
