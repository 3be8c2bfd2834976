import type { QuerySettings } from "../settings.ts";
import type { WorkerEntry } from "./worker-entry.ts";

const mebibyte = 1 << 20;
/** Of the JavaScript heap. */
export const heapBytes = 192 * mebibyte;

/**
 * The bound on a worker's memory: the engine's own, the JavaScript heap, and what was measured besides with DuckDB
 * 1.5.6 on Node 20 at statements that fill the engine's memory: 150 MiB of an idle worker, 100 MiB of blocks the
 * allocator keeps, 20 MiB of stack and arena for each thread. The system counts what is mapped, used or not; on a
 * busy machine allocators map up to 250 MiB more before they give blocks back.
 */
export function workerMemoryBytes({ memoryBytes, threads }: QuerySettings): number {
  return memoryBytes + heapBytes + (500 + 20 * threads) * mebibyte;
}

/**
 * What Linux counts as private memory though nothing of it is used: from version 22 on V8 reserves 512 MiB for
 * code; running from source takes that twice.
 */
export function reservedBytes({ nodeOptions }: WorkerEntry): number {
  const isolates = nodeOptions.length > 0 ? 2 : 1;
  return Number(process.versions.node.split(".")[0]) >= 22 ? 512 * mebibyte * isolates : 0;
}
