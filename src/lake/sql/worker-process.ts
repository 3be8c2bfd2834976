import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import { forThisCall } from "../../core/service-calls.ts";
import { databaseKey, isHeld } from "./database-key.ts";
import type { SqlScope } from "./engine.ts";
import {
  type FileReads,
  type FromWorker,
  fromWorker,
  type Job,
  memorySignal,
  processMemoryMessage,
  type RunJob,
  type ToWorker,
  workerTemp,
} from "./protocol.ts";
import type { WorkerEntry } from "./worker-entry.ts";
import { workerEnvironment } from "./worker-environment.ts";

export interface WorkerLimits {
  /** Bytes of private memory the process may have. Past it the system refuses more. */
  dataBytes: number;
  /** Bytes of resident memory, where the worker itself keeps watch instead. */
  rssBytes: number;
  /** Who keeps the bound. The system can on Linux only. */
  keptBy: "system" | "worker";
  /** Bytes of the JavaScript heap. */
  heapBytes: number;
}

interface Pending {
  id: number;
  /** Where it was sent without its files. */
  withFiles?: Job | undefined;
  /** Whether the worker said that it has the job. */
  isStarted: boolean;
  scope: SqlScope;
  hydrate: Hydrate;
  /** Why what the job asked for could not be had: told in place of what the job then says. */
  hydrationFault?: unknown;
  settle(outcome: { result: unknown } | { error: unknown }): void;
}

/**
 * Brings parts of a job's files to where it reads them, or, for a check, to where it read them. Answers how many of
 * them were not there.
 */
export type Hydrate = (reads: readonly FileReads[], isCheck: boolean) => Promise<number>;

const maxStderrChars = 8_192;
const mebibyte = 1 << 20;

/**
 * One query worker: a child process with nothing of the server's environment, no standard input or output, and a bounded
 * memory. Does one job at a time. Once `isSpent` it takes no more.
 */
export class WorkerProcess {
  /** Settles when the worker can take jobs; rejects when it died before. */
  readonly ready: Promise<void>;
  /** Settles when the process is gone. */
  readonly gone: Promise<void>;
  isSpent = false;
  jobsDone = 0;
  /** Names the tables of its last statement, for which it may keep its database (`databaseKey`). */
  keptKey: string | undefined;
  /** They are held, so that its database remembers what it read of them. */
  keepsHeld = false;
  /** Settles when the worker has given back what its last job held, or is gone. */
  rested: Promise<void> = Promise.resolve();
  /** It died before it took up its last job, which therefore can be given to another worker. */
  lostJob = false;
  rssBytes = 0;
  /** Of the bound on private memory, where there is one: what a further job finds left. */
  freeDataBytes = Number.POSITIVE_INFINITY;
  private readonly limits: WorkerLimits;
  private readonly child: ChildProcess;
  private pending: Pending | undefined;
  private stderr = "";
  private nextId = 1;
  private markReady: () => void = () => {};
  private markRested: () => void = () => {};

  constructor(entry: WorkerEntry, limits: WorkerLimits, cwd: string) {
    this.limits = limits;
    this.child = start(entry, limits, cwd);
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr = (this.stderr + text).slice(-maxStderrChars);
    });
    this.gone = new Promise((resolve) => {
      this.child.once("error", () => resolve());
      this.child.once("exit", () => resolve());
    });
    void this.gone.then(() => this.removeTemp(cwd));
    this.ready = new Promise((resolve, reject) => {
      this.markReady = resolve;
      void this.gone.then(() =>
        reject(new ToolError("unavailable", "A query worker could not be started.", { cause: this.stderr })),
      );
    });
    this.ready.catch(() => {});
    this.child.on("message", (message) => this.receive(message));
    this.child.once("exit", (code, signal) => this.exited(code, signal));
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Runs one job. Throws what the worker reports, what `hydrate` throws, and `unsupported` or `too_large` when the
   * job killed it.
   */
  run(job: Job, scope: SqlScope, hydrate: Hydrate): Promise<unknown> {
    const id = this.nextId++;
    const brief = job.kind === "run" ? this.ifKept(job) : undefined;
    this.rested = new Promise((resolve) => {
      this.markRested = resolve;
    });
    return new Promise((resolve, reject) => {
      this.pending = {
        id,
        ...(brief ? { withFiles: job } : {}),
        isStarted: false,
        scope,
        hydrate: forThisCall(hydrate),
        settle: (outcome) => ("error" in outcome ? reject(outcome.error) : resolve(outcome.result)),
      };
      this.send({ id, job: brief ?? job });
    });
  }

  /** The job without its files, where the worker may have those of the last one still. */
  private ifKept(job: RunJob): RunJob | undefined {
    const key = databaseKey(job);
    const isSame = key !== undefined && key === this.keptKey;
    this.keptKey = key;
    this.keepsHeld = key !== undefined && isHeld(job);
    return isSame && this.keepsHeld ? withoutFiles(job) : undefined;
  }

  private send(message: ToWorker): void {
    this.child.send(message, (error) => {
      if (error) this.lose(message.id, error);
    });
  }

  /** Ends the process at once. A running job fails with `error`, or as a crash. */
  kill(error?: ToolError): void {
    this.isSpent = true;
    if (error) this.settle({ error });
    this.child.kill("SIGKILL");
  }

  /** A worker that was killed leaves it. */
  private async removeTemp(cwd: string): Promise<void> {
    const { pid } = this;
    if (pid === undefined) return;
    await rm(workerTemp(cwd, pid), { recursive: true, force: true }).catch(() => {});
  }

  /** The job could not be handed over. */
  private lose(id: number, cause: Error): void {
    if (this.pending?.id !== id) return;
    this.lostJob = true;
    this.kill(new ToolError("unavailable", "A query worker was lost. Try again.", { cause }));
  }

  private receive(message: unknown): void {
    const parsed = fromWorker.safeParse(message);
    if (!parsed.success) {
      this.kill(new ToolError("internal", "A query worker broke its protocol.", { cause: parsed.error }));
    } else if (parsed.data.kind === "ready") {
      this.markReady();
    } else if (parsed.data.kind === "rested") {
      this.rssBytes = parsed.data.rssBytes;
      const { dataBytes } = parsed.data;
      if (dataBytes !== undefined) this.freeDataBytes = this.limits.dataBytes - dataBytes;
      this.markRested();
    } else if (parsed.data.id === this.pending?.id) this.answered(parsed.data);
  }

  private answered(message: Exclude<FromWorker, { kind: "ready" | "rested" }>): void {
    if (message.kind === "started") {
      if (this.pending) this.pending.isStarted = true;
      return;
    }
    if (message.kind === "unknown") {
      this.sendWithFiles();
      return;
    }
    if (message.kind === "progress") {
      const { done, total, message: text } = message;
      const known = {
        ...(total === undefined ? {} : { total }),
        ...(text === undefined ? {} : { message: text }),
      };
      this.pending?.scope.progress({ done, ...known });
      return;
    }
    if (message.kind === "reads") {
      void this.fetch(message);
      return;
    }
    this.jobsDone++;
    if (message.kind === "done") {
      this.settle({ result: message.result });
      return;
    }
    if (message.isSpent) this.isSpent = true;
    const { code, details, cause } = message;
    const fault = this.pending?.hydrationFault;
    this.settle({ error: fault ?? new ToolError(code, message.message, { details, cause }) });
  }

  private sendWithFiles(): void {
    const { pending } = this;
    if (!pending?.withFiles) {
      this.kill(new ToolError("internal", "A query worker broke its protocol."));
      return;
    }
    const { id, withFiles: job } = pending;
    pending.withFiles = undefined;
    this.send({ id, job });
  }

  private async fetch({ id, reads, isCheck }: Extract<FromWorker, { kind: "reads" }>): Promise<void> {
    const { pending } = this;
    if (!pending) return;
    let answer: ToWorker;
    try {
      answer = { id, fetched: { missing: await pending.hydrate(reads, isCheck) } };
    } catch (thrown) {
      pending.hydrationFault = thrown;
      answer = { id, fetched: { failed: true } };
    }
    this.send(answer);
  }

  private settle(outcome: { result: unknown } | { error: unknown }): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.settle(outcome);
  }

  private exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.isSpent = true;
    this.lostJob = this.pending?.isStarted === false;
    this.markRested();
    this.settle({ error: crashError(code, signal, this.stderr) });
  }
}

/** Where the system keeps the bound, the shell only sets it and becomes Node; nothing of a call reaches it. */
function start({ nodeOptions, program }: WorkerEntry, limits: WorkerLimits, cwd: string): ChildProcess {
  const heap = `--max-old-space-size=${Math.ceil(limits.heapBytes / mebibyte)}`;
  const node = [process.execPath, heap, "--expose-gc", ...nodeOptions, program];
  if (limits.keptBy === "worker") node.push(String(limits.rssBytes));
  const bound = [
    "/bin/sh",
    "-c",
    `ulimit -d ${Math.ceil(limits.dataBytes / 1024)}; exec "$@"`,
    "sluice-query-worker",
  ];
  const [command = "", ...args] = limits.keptBy === "system" ? [...bound, ...node] : node;
  return spawn(command, args, { cwd, env: workerEnvironment, stdio: ["ignore", "ignore", "pipe", "ipc"] });
}

/** To put thousands of files into words and to read them takes as long as many a question. */
function withoutFiles(job: RunJob): RunJob {
  const tables = job.tables.map(({ names, scan }) => ({
    names,
    scan: { ...scan, files: [], partitions: [] },
  }));
  return { ...job, tables, isBrief: true };
}

function crashError(code: number | null, signal: NodeJS.Signals | null, stderr: string): ToolError {
  const cause = `exit ${code ?? signal}: ${stderr}`;
  const isExhausted =
    signal === memorySignal ||
    /out of memory|bad_alloc|Allocation failed|Cannot allocate memory|memory exhausted/i.test(stderr);
  if (isExhausted) return new ToolError("too_large", processMemoryMessage, { cause });
  const message = "The query engine could not run this statement. Try it in another form.";
  return new ToolError("unsupported", message, { cause });
}
