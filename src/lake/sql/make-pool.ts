import { nodeMajor } from "../../core/node-major.ts";
import type { QuerySettings } from "../settings.ts";
import type { SqlEngineDeps } from "./create-sql-engine.ts";
import { findWorkerEntry, type WorkerEntry } from "./worker-entry.ts";
import { WorkerPool } from "./worker-pool.ts";
import { WorkerProcess } from "./worker-process.ts";

const mebibyte = 1 << 20;
const heapBytes = 192 * mebibyte;
const jobsPerWorker = 500;
/** A worker that keeps more than this after a call is replaced, so that idle ones stay small. */
const idleRssBytes = 220 * mebibyte;
/** With the footers of thousands of files, which the next question over them would have to read again. */
const keepingRssBytes = 320 * mebibyte;

/** What a call may take outside the engine's own limit. */
const spareBytes = 100 * mebibyte;

/** The pool of one engine; its workers run in `cwd`. */
export function makePool(settings: QuerySettings, deps: SqlEngineDeps, cwd: string): WorkerPool {
  const entry = deps.entry ?? findWorkerEntry();
  const rssBytes = workerMemoryBytes(settings);
  const limits = {
    rssBytes,
    dataBytes: rssBytes + reservedBytes(entry),
    keptBy: deps.memoryKeptBy ?? (process.platform === "linux" ? "system" : "worker"),
    heapBytes,
  } as const;
  return new WorkerPool({
    start: () => new WorkerProcess(entry, limits, cwd),
    workers: settings.workers,
    maxWaiting: deps.maxWaiting ?? settings.workers * 32,
    timeoutMs: settings.timeoutMs,
    waitMs: deps.waitMs ?? Math.min(settings.timeoutMs, 20_000),
    jobsPerWorker,
    maxRssBytes: idleRssBytes,
    maxKeepingRssBytes: keepingRssBytes,
    minFreeDataBytes: settings.memoryBytes + spareBytes,
  });
}

/**
 * The bound on a worker's memory: the engine's own, the JavaScript heap, and what was measured besides with DuckDB
 * 1.5.6 on Node 20 at statements that fill the engine's memory: 150 MiB of an idle worker, up to 220 MiB of blocks the
 * allocator keeps, 20 MiB of stack and arena for each thread. The system counts what is mapped, used or not; on a
 * busy machine allocators map up to 250 MiB more before they give blocks back.
 */
function workerMemoryBytes({ memoryBytes, threads }: QuerySettings): number {
  return memoryBytes + heapBytes + (500 + 20 * threads) * mebibyte;
}

/**
 * What Linux counts as private memory though nothing of it is used: from version 22 on V8 reserves 512 MiB for
 * code; running from source takes that twice.
 */
function reservedBytes({ nodeOptions }: WorkerEntry): number {
  const isolates = nodeOptions.length > 0 ? 2 : 1;
  return nodeMajor >= 22 ? 512 * mebibyte * isolates : 0;
}
