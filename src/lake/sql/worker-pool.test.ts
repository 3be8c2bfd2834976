import { expect, test } from "vitest";
import { testScope } from "../../../test/harness/sql-engine.ts";
import { databaseKey } from "./database-key.ts";
import type { Job } from "./protocol.ts";
import { WorkerPool } from "./worker-pool.ts";
import type { WorkerProcess } from "./worker-process.ts";

/** A worker that answers at once and rests until it is told not to. */
function createWorker(pid: number) {
  let endRest = () => {};
  const worker = {
    pid,
    ready: Promise.resolve(),
    gone: new Promise<void>(() => {}),
    isSpent: false,
    jobsDone: 0,
    keptKey: undefined as string | undefined,
    rested: Promise.resolve(),
    rssBytes: 0,
    freeDataBytes: Number.POSITIVE_INFINITY,
    async run(job: Job) {
      worker.rested = new Promise((resolve) => {
        endRest = () => {
          worker.keptKey = databaseKey(job);
          resolve();
        };
      });
      return pid;
    },
    kill() {},
  };
  return { worker, endRest: () => endRest() };
}

function startPool() {
  const started: ReturnType<typeof createWorker>[] = [];
  const pool = new WorkerPool({
    start() {
      const made = createWorker(started.length);
      started.push(made);
      return made.worker as unknown as WorkerProcess;
    },
    workers: 2,
    maxWaiting: 8,
    timeoutMs: 5_000,
    waitMs: 5_000,
    jobsPerWorker: 100,
    maxRssBytes: 1e9,
    maxKeepingRssBytes: 1e9,
    minFreeDataBytes: 0,
  });
  pool.prewarm();
  const ask = (version: string) => pool.run(jobOver(version), testScope(), performance.now() + 5_000);
  return { ask, endRest: (at: unknown) => started[Number(at)]?.endRest() };
}

/** Over files of the cache, whose database a worker may keep. */
function jobOver(key: string): Job {
  return { kind: "run", tables: [], links: { key, folder: "/links" } } as unknown as Job;
}

test("who asks over the same tables waits a moment for the worker that rests after them, and another does not wait as well", async () => {
  const { ask, endRest } = startPool();
  const first = await ask("a");
  const again = ask("a");
  setTimeout(() => endRest(first), 5);
  expect(await again).toBe(first);
  const waiting = ask("a");
  expect(await ask("a")).toBe(1 - Number(first));
  endRest(first);
  expect(await waiting).toBe(first);
});

test("other tables, and those whose worker does not come to rest, take the one that is idle", async () => {
  const { ask } = startPool();
  const first = await ask("a");
  const begunMs = performance.now();
  expect(await ask("a")).toBe(1 - Number(first));
  expect(performance.now() - begunMs).toBeGreaterThan(30);
  const other = startPool();
  const busy = await other.ask("a");
  expect(await other.ask("b")).toBe(1 - Number(busy));
});
