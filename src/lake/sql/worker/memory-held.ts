import { readFileSync } from "node:fs";

/** What the process holds now, in bytes. */
export interface MemoryHeld {
  rssBytes: number;
  /** Private memory as the system's bound on it counts: also what was freed and is kept for reuse. Linux only. */
  dataBytes?: number;
}

export function memoryHeld(): MemoryHeld {
  const rssBytes = process.memoryUsage.rss();
  if (process.platform !== "linux") return { rssBytes };
  const [, dataKb] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return dataKb === undefined ? { rssBytes } : { rssBytes, dataBytes: Number(dataKb) * 1024 };
}
