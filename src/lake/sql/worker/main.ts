import "./text-decoder.ts";
import type { FromWorker, Job, ToWorker } from "../protocol.ts";
import { failureOf } from "./faults.ts";
import { memoryHeld } from "./memory-held.ts";
import { watchMemory } from "./memory-watch.ts";
import { throttled } from "./report.ts";

/**
 * The query worker's program. It speaks with the server over Node's IPC channel only, does one job at a time,
 * and leaves when the channel closes.
 */
const progressEveryMs = 400;

function send(message: FromWorker): void {
  process.send?.(message);
}

async function serve(): Promise<void> {
  const { passGate, checkTables } = await import("../gate/gate.ts");
  const { openParser } = await import("./database.ts");
  const { runStatement } = await import("./run.ts");
  const { analyzeScan } = await import("./analyze.ts");
  const { convertText } = await import("./convert.ts");
  const serialize = await openParser();

  const work = async (id: number, job: Job): Promise<unknown> => {
    const report = throttled(
      (update) => send({ kind: "progress", id, ...update }),
      progressEveryMs,
      Date.now,
    );
    if (job.kind === "plan") return passGate(job.sql, serialize);
    if (job.kind === "analyze") return analyzeScan(job, report);
    if (job.kind === "convert") return convertText(job, report);
    const plan = await passGate(job.sql, serialize);
    checkTables(
      plan,
      job.tables.flatMap(({ names }) => names),
    );
    return runStatement(job, plan.sessionNames, report);
  };

  process.on("message", ({ id, job }: ToWorker) => {
    send({ kind: "started", id });
    work(id, job)
      .then(
        (result) => send({ kind: "done", id, result, ...memoryHeld() }),
        (thrown: unknown) => send(failureOf(id, job, thrown)),
      )
      // The engine's rows lie outside the heap, which is all that V8 looks at when it decides to collect.
      .finally(() => globalThis.gc?.());
  });
  send({ kind: "ready" });
}

// Ctrl-C and service managers signal every process of the group. When a call ends is the server's to say: it lets
// accepted ones finish.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
process.on("disconnect", () => process.exit(0));
const [, , maxRssBytes] = process.argv;
if (maxRssBytes !== undefined) watchMemory(Number(maxRssBytes));
await serve();
