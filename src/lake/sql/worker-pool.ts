import { setTimeout as sleep } from "node:timers/promises";
import { ToolError } from "../../core/errors.ts";
import { databaseKey } from "./database-key.ts";
import type { SqlScope } from "./engine.ts";
import type { Job } from "./protocol.ts";
import type { Hydrate, WorkerProcess } from "./worker-process.ts";

export interface PoolOptions {
  start(): WorkerProcess;
  /** Workers kept, and so jobs at once. */
  workers: number;
  /** Jobs that may wait. */
  maxWaiting: number;
  /** How long a job may wait for a worker. */
  waitMs: number;
  /** `lake.query.timeoutMs`, to be told when it has passed. */
  timeoutMs: number;
  /** A worker is replaced after so many jobs, */
  jobsPerWorker: number;
  /** or when it has grown past this, */
  maxRssBytes: number;
  /** or past this, while it keeps the database of held tables, */
  maxKeepingRssBytes: number;
  /** or when less private memory than this is left to it. */
  minFreeDataBytes: number;
}

const maxFailedStarts = 4;
/** Giving back what a job held takes milliseconds. */
const maxRestMs = 10_000;
/** For so long a job waits for the worker that rests after one over the same tables: to make their database anew takes longer. */
const sameTablesRestMs = 40;

/** Of jobs whose files are all whole. */
async function nothingToHydrate(): Promise<number> {
  return 0;
}

interface Waiting {
  take(worker: WorkerProcess): void;
  fail(error: ToolError): void;
}

/** Keeps workers warm and hands each to one job at a time. */
export class WorkerPool {
  private readonly options: PoolOptions;
  private readonly workers = new Set<WorkerProcess>();
  private readonly idle: WorkerProcess[] = [];
  private readonly waiting: Waiting[] = [];
  /** Workers that give back what their last job held, by its tables, as long as nobody waits for them. */
  private readonly resting = new Map<string, WorkerProcess>();
  private isClosed = false;
  /** In a row. */
  private failedStarts = 0;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  /** Starts every worker now, so that the first calls need not wait. */
  prewarm(): void {
    while (this.workers.size < this.options.workers && !this.isClosed) this.startOne();
  }

  /** Process ids of the living workers. */
  pids(): number[] {
    return [...this.workers].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /**
   * Runs a job. The worker is killed at `deadlineMs` (on the performance clock) and when the scope aborts.
   * Throws `unavailable` when no worker came free in time, `timeout`, and what the job throws.
   */
  async run(
    job: Job,
    scope: SqlScope,
    deadlineMs: number,
    hydrate: Hydrate = nothingToHydrate,
    isRetry = false,
  ): Promise<unknown> {
    const key = databaseKey(job);
    const worker = await this.acquire(key, scope, deadlineMs);
    const stop = (error: ToolError) => worker.kill(error);
    const onAbort = () => stop(cancelled());
    const timer = setTimeout(
      () => stop(timedOut(this.options.timeoutMs)),
      Math.max(0, deadlineMs - performance.now()),
    );
    scope.signal.addEventListener("abort", onAbort, { once: true });
    try {
      if (scope.signal.aborted) onAbort();
      return await worker.run(job, scope, hydrate);
    } catch (thrown) {
      if (worker.lostJob && !isRetry && !scope.signal.aborted)
        return await this.run(job, scope, deadlineMs, hydrate, true);
      throw thrown;
    } finally {
      clearTimeout(timer);
      scope.signal.removeEventListener("abort", onAbort);
      this.releaseRested(worker, key);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const { fail } of this.waiting.splice(0)) fail(closedError());
    const workers = [...this.workers];
    for (const worker of workers) worker.kill(closedError());
    await Promise.all(workers.map(({ gone }) => gone));
  }

  private startOne(): void {
    const worker = this.options.start();
    this.workers.add(worker);
    worker.ready.then(
      () => {
        this.failedStarts = 0;
        this.offer(worker);
      },
      (error: ToolError) => this.startFailed(error),
    );
    void worker.gone.then(() => {
      this.workers.delete(worker);
      const at = this.idle.indexOf(worker);
      if (at >= 0) this.idle.splice(at, 1);
      if (this.failedStarts < maxFailedStarts) this.prewarm();
    });
  }

  /** Workers that do not come up at all are not started for ever: those who wait are told. */
  private startFailed(error: ToolError): void {
    if (++this.failedStarts < maxFailedStarts) return;
    for (const { fail } of this.waiting.splice(0)) fail(error);
  }

  private offer(worker: WorkerProcess): void {
    if (worker.isSpent || this.isClosed) return;
    const next = this.waiting.shift();
    if (next) next.take(worker);
    else this.idle.push(worker);
  }

  /** One that does not come to rest is of no use to anybody. */
  private releaseRested(worker: WorkerProcess, key: string | undefined): void {
    if (worker.isSpent) {
      this.release(worker);
      return;
    }
    const late = setTimeout(() => worker.kill(), maxRestMs);
    if (key !== undefined) this.resting.set(key, worker);
    void worker.rested.then(() => {
      clearTimeout(late);
      if (key !== undefined && this.resting.get(key) === worker) this.resting.delete(key);
      this.release(worker);
    });
  }

  private release(worker: WorkerProcess): void {
    const { jobsPerWorker, maxRssBytes, maxKeepingRssBytes, minFreeDataBytes } = this.options;
    const mostRssBytes = worker.keepsHeld ? maxKeepingRssBytes : maxRssBytes;
    const isFull = worker.rssBytes > mostRssBytes || worker.freeDataBytes < minFreeDataBytes;
    if (worker.isSpent || worker.jobsDone >= jobsPerWorker || isFull) worker.kill();
    else this.offer(worker);
  }

  private async acquire(
    key: string | undefined,
    scope: SqlScope,
    deadlineMs: number,
  ): Promise<WorkerProcess> {
    if (key !== undefined) await this.restAfter(key);
    if (this.isClosed) throw closedError();
    if (scope.signal.aborted) throw cancelled();
    const free = this.takeIdle(key);
    if (free) return free;
    // Each call gives workers that failed to start another chance.
    this.failedStarts = 0;
    this.prewarm();
    if (this.waiting.length >= this.options.maxWaiting) throw busyError(this.options.workers);
    return this.wait(scope, deadlineMs);
  }

  private async restAfter(key: string): Promise<void> {
    const worker = this.resting.get(key);
    if (!worker || this.idle.some(({ keptKey }) => keptKey === key)) return;
    this.resting.delete(key);
    await Promise.race([worker.rested, sleep(sameTablesRestMs, undefined, { ref: false })]);
  }

  /** One that ran over the same tables; else of those that keep nothing, or of all, the one that is idle longest. */
  private takeIdle(key: string | undefined): WorkerProcess | undefined {
    const same = key === undefined ? undefined : this.idle.find((worker) => worker.keptKey === key);
    const free = same ?? this.idle.find((worker) => worker.keptKey === undefined) ?? this.idle[0];
    if (free) this.idle.splice(this.idle.indexOf(free), 1);
    return free;
  }

  private wait(scope: SqlScope, deadlineMs: number): Promise<WorkerProcess> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        scope.signal.removeEventListener("abort", onAbort);
        const at = this.waiting.indexOf(entry);
        if (at >= 0) this.waiting.splice(at, 1);
      };
      const fail = (error: ToolError) => {
        leave();
        reject(error);
      };
      const take = (worker: WorkerProcess) => {
        leave();
        resolve(worker);
      };
      const onAbort = () => fail(cancelled());
      const waitMs = Math.max(0, Math.min(this.options.waitMs, deadlineMs - performance.now()));
      const timer = setTimeout(() => fail(busyError(this.options.workers)), waitMs);
      const entry: Waiting = { take, fail };
      this.waiting.push(entry);
      scope.signal.addEventListener("abort", onAbort, { once: true });
      if (scope.signal.aborted) onAbort();
    });
  }
}

function timedOut(timeoutMs: number): ToolError {
  return new ToolError(
    "timeout",
    `The query ran for ${timeoutMs} ms, as long as lake.query.timeoutMs lets one, and was stopped. The same statement takes as long again: name fewer files, filter by partitions or columns with statistics, select fewer columns, aggregate before joining, or have the setting raised.`,
    { details: { timeoutMs, setting: "lake.query.timeoutMs" }, retryable: false },
  );
}

function busyError(workers: number): ToolError {
  return new ToolError("unavailable", `All ${workers} query workers are busy. Try again shortly.`);
}

function cancelled(): ToolError {
  return new ToolError("timeout", "The query was cancelled.");
}

function closedError(): ToolError {
  return new ToolError("unavailable", "The server is shutting down.");
}
