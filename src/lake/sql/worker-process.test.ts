import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunJob } from "./protocol.ts";
import { WorkerProcess } from "./worker-process.ts";

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "sluice-worker-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A worker that answers each job by how many files came with it, once `isUnknown` says that it has them. */
async function startWorker(isUnknown: string): Promise<WorkerProcess> {
  const program = join(dir, "worker.mjs");
  const answer = `
    const isUnknown = ${isUnknown};
    const sent = [];
    process.on("message", ({ id, job }) => {
      sent.push(job.tables.flatMap(({ scan }) => scan.files).length);
      if (isUnknown(job)) return process.send({ kind: "unknown", id });
      process.send({ kind: "started", id });
      process.send({ kind: "done", id, result: sent });
      process.send({ kind: "rested", id, rssBytes: 1 });
    });
    process.send({ kind: "ready" });
  `;
  await writeFile(program, answer);
  const limits = { dataBytes: 2e9, rssBytes: 2e9, keptBy: "worker", heapBytes: 1e8 } as const;
  const worker = new WorkerProcess({ nodeOptions: [], program }, limits, dir);
  await worker.ready;
  return worker;
}

const file = { path: "/f", uri: "s3://b/f", partition: 0 };
const scan = { format: "parquet", partitionColumns: [], partitions: [[]], columns: [] } as const;

function jobOf(folders: (string | undefined)[], more: Partial<RunJob> = {}): RunJob {
  const tables = folders.map((heldIn, at) => ({
    names: [`t${at}`],
    scan: { ...scan, partitionColumns: [], columns: [], partitions: [[]], files: [file, file], heldIn },
  }));
  const limits = { folder: dir, memoryBytes: 1, threads: 1, tempBytes: 1 };
  return {
    kind: "run",
    sql: "SELECT 1",
    tables,
    maxRows: 1,
    maxBytes: 1,
    maxKeptBytes: 0,
    ...limits,
    ...more,
  };
}

const run = (worker: WorkerProcess, job: RunJob) =>
  worker.run(job, { signal: new AbortController().signal, progress() {} }, async () => 0);

test("a job over the tables of the last one comes without their files, and any other with them", async () => {
  const worker = await startWorker("() => false");
  for (const job of [
    jobOf(["/a"]),
    jobOf(["/a"]),
    jobOf(["/b"]),
    jobOf(["/b", undefined]),
    jobOf(["/b", undefined]),
    jobOf(["/b"]),
    jobOf(["/b"], { planOnly: true }),
    jobOf(["/b"]),
    jobOf(["/b"]),
    jobOf([undefined]),
    jobOf([undefined]),
  ]) {
    await run(worker, job);
  }
  expect(await run(worker, jobOf([undefined]))).toEqual([2, 0, 2, 4, 4, 2, 2, 2, 0, 2, 2, 2]);
  worker.kill();
});

test("a worker that does not know the files any more is sent them, once", async () => {
  const forgetful = await startWorker("(job) => job.isBrief === true");
  await run(forgetful, jobOf(["/a"]));
  expect(await run(forgetful, jobOf(["/a"]))).toEqual([2, 0, 2]);
  forgetful.kill();
  const stubborn = await startWorker("(job) => job.sql !== 'SELECT 1'");
  await run(stubborn, jobOf(["/a"]));
  await expect(run(stubborn, jobOf(["/a"], { sql: "SELECT 2" }))).rejects.toMatchObject({ code: "internal" });
  expect(stubborn.isSpent).toBe(true);
});
