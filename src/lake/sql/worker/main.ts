import "./text-decoder.ts";
import type { FileReads, FromWorker, ToWorker } from "../protocol.ts";
import { failureOf } from "./faults.ts";
import { NotFetched } from "./hydration/verified-run.ts";
import { memoryHeld } from "./memory-held.ts";
import { watchMemory } from "./memory-watch.ts";
import { throttled } from "./report.ts";

/**
 * The query worker's program. It speaks with the server over Node's IPC channel only, does one job at a time,
 * and leaves when the channel closes.
 */
const progressEveryMs = 400;
/** A collection takes as long as a small query: it waits until memory has grown by so much since the last one. */
const collectEveryBytes = 16 << 20;

function send(message: FromWorker): void {
  process.send?.(message);
}

async function serve(): Promise<void> {
  const { openWork } = await import("./work.ts");
  const work = await openWork();
  const fetcher = createFetcher();
  const collect = createCollector();

  process.on("message", (message: ToWorker) => {
    if ("fetched" in message) return fetcher.answered(message.fetched);
    const { id } = message;
    const job = work.withFiles(message.job);
    if (!job) return send({ kind: "unknown", id });
    send({ kind: "started", id });
    const report = throttled(
      (update) => send({ kind: "progress", id, ...update }),
      progressEveryMs,
      Date.now,
    );
    work
      .run(job, { report, fetch: (reads, isCheck) => fetcher.ask({ id, reads, isCheck }) })
      .then(
        (result) => send({ kind: "done", id, result }),
        (thrown: unknown) => send(failureOf(id, job, thrown)),
      )
      .finally(() => {
        work.rest();
        const held = memoryHeld();
        send({ kind: "rested", id, ...held });
        collect(held.dataBytes ?? held.rssBytes);
        work.prepare(job);
      });
  });
  send({ kind: "ready" });
}

/**
 * Collects what jobs left, told what the process holds now. The engine's rows lie outside the heap, which is all that V8
 * looks at when it decides to collect.
 */
function createCollector(): (heldBytes: number) => void {
  let leastBytes = 0;
  return (heldBytes) => {
    leastBytes = Math.min(leastBytes, heldBytes);
    if (heldBytes < leastBytes + collectEveryBytes) return;
    globalThis.gc?.();
    const { dataBytes, rssBytes } = memoryHeld();
    leastBytes = dataBytes ?? rssBytes;
  };
}

/** Asks the server for parts of files, one question at a time. */
function createFetcher() {
  let settle: ((missing: number) => void) | undefined;
  let fail: ((reason: Error) => void) | undefined;
  return {
    ask(wanted: { id: number; reads: FileReads[]; isCheck: boolean }): Promise<number> {
      return new Promise((resolve, reject) => {
        [settle, fail] = [resolve, reject];
        send({ kind: "reads", ...wanted });
      });
    },
    answered(fetched: Extract<ToWorker, { fetched: unknown }>["fetched"]): void {
      if ("missing" in fetched) settle?.(fetched.missing);
      else fail?.(new NotFetched("What the statement reads could not be had."));
    },
  };
}

// Ctrl-C and service managers signal every process of the group. When a call ends is the server's to say: it lets
// accepted ones finish.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
const [, , maxRssBytes] = process.argv;
if (maxRssBytes !== undefined) watchMemory(Number(maxRssBytes));
await serve();
