import { randomBytes } from "node:crypto";
import { ProtocolError, type Result } from "@modelcontextprotocol/server";
import type { Principal } from "../../core/principal.ts";
import type { Progress } from "../../core/tool.ts";
import { ownerOf } from "../sessions/owner.ts";
import type { TaskEnd, TaskRecord, TaskStore } from "./store.ts";

/** When a call becomes a task, and how long it may take and be asked for. Milliseconds. */
export interface TaskTimes {
  /** A call that is done by then is answered as any other. */
  afterMs: number;
  /** From its beginning to its end. */
  timeoutMs: number;
  /** After `timeoutMs`, for its result to be fetched. */
  keepMs: number;
}

/** A call that may become a task. */
export interface TaskWork {
  toolName: string;
  principal: Principal;
  /** Of the request: ends the call as long as it is no task. */
  signal: AbortSignal;
  /** The call itself. `hasFailed`: with a fault, as a call that is stopped does. */
  run(signal: AbortSignal, tell: TaskTelling): Promise<{ result: Result; hasFailed: boolean }>;
}

/** What a call has of the task it may become. */
export interface TaskTelling {
  /** Whether its request has been answered, so that nothing more can be said on it. */
  isTask(): boolean;
  progress(update: Progress): void;
}

/** Runs calls that may outlive their request, and answers for them afterwards. */
export interface TaskRunner {
  /** Of a call that may become a task. Milliseconds. */
  readonly timeoutMs: number;
  /** The call's result where it was done in time, else the task it became. */
  start(work: TaskWork): Promise<{ result: Result } | { task: TaskRecord }>;
  /** Undefined for what is not there or not this principal's, alike. */
  find(taskId: string, principal: Principal): Promise<TaskRecord | undefined>;
  /** Stops a task that works; a task that is done by then stays done. */
  cancel(taskId: string): void;
  /** Stops what still runs. */
  close(): void;
}

export interface TaskRunnerOptions {
  store: TaskStore;
  times: TaskTimes;
  now(): number;
  /** A task's end that could not be kept. */
  onError(error: Error): void;
}

/** Runs calls in this process. */
export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  return new LocalTaskRunner(options);
}

class LocalTaskRunner implements TaskRunner {
  readonly timeoutMs: number;
  readonly #options: TaskRunnerOptions;
  readonly #running = new Map<string, AbortController>();

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.timeoutMs = options.times.timeoutMs;
  }

  async start(work: TaskWork): Promise<{ result: Result } | { task: TaskRecord }> {
    const { store, times, now } = this.#options;
    const stop = new AbortController();
    const onGone = () => stop.abort();
    work.signal.addEventListener("abort", onGone, { once: true });
    if (work.signal.aborted) onGone();
    const task = this.#newTask(work);
    const tell = { isTask: false };
    const call = work.run(stop.signal, {
      isTask: () => tell.isTask,
      progress: (update) => {
        task.statusMessage = messageOf(update);
        if (tell.isTask) void this.#keep(task.taskId, { statusMessage: task.statusMessage });
      },
    });
    try {
      const isSlow = await outlasts(call, times.afterMs);
      // Without room for one more task the caller waits, as one who takes no tasks does.
      if (!isSlow || stop.signal.aborted || !(await store.add({ ...task, updatedMs: now() }))) {
        return { result: (await call).result };
      }
    } finally {
      work.signal.removeEventListener("abort", onGone);
    }
    tell.isTask = true;
    this.#running.set(task.taskId, stop);
    void this.#finish(task.taskId, endOf(call, stop.signal));
    return { task };
  }

  async find(taskId: string, principal: Principal): Promise<TaskRecord | undefined> {
    const task = await this.#options.store.get(taskId);
    return task?.owner === ownerOf(principal) ? task : undefined;
  }

  cancel(taskId: string): void {
    this.#running.get(taskId)?.abort();
  }

  close(): void {
    for (const stop of this.#running.values()) stop.abort();
  }

  #newTask({ principal, toolName }: TaskWork): TaskRecord {
    const { times, now } = this.#options;
    const nowMs = now();
    return {
      // 256 bits: whoever knows it was told it.
      taskId: randomBytes(32).toString("base64url"),
      owner: ownerOf(principal),
      toolName,
      createdMs: nowMs,
      updatedMs: nowMs,
      ttlMs: times.timeoutMs + times.keepMs,
    };
  }

  async #finish(taskId: string, ended: Promise<TaskEnd>): Promise<void> {
    await this.#keep(taskId, { end: await ended });
    this.#running.delete(taskId);
  }

  async #keep(taskId: string, change: Pick<TaskRecord, "statusMessage" | "end">): Promise<void> {
    const { store, now, onError } = this.#options;
    try {
      await store.update(taskId, { updatedMs: now(), ...change });
    } catch (thrown) {
      onError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }
}

/** Whether the call is not settled by then. */
async function outlasts(call: Promise<unknown>, afterMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(true), afterMs);
  });
  const settled = call.then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A call that was stopped and still came to its end has its end. */
async function endOf(call: ReturnType<TaskWork["run"]>, stopped: AbortSignal): Promise<TaskEnd> {
  try {
    const { result, hasFailed } = await call;
    if (stopped.aborted && hasFailed) return { status: "cancelled" };
    return { status: "completed", result: { resultType: "complete", ...result } };
  } catch (thrown) {
    if (thrown instanceof ProtocolError) {
      return { status: "failed", error: { code: thrown.code, message: thrown.message } };
    }
    return { status: "failed", error: { code: -32603, message: "Internal error." } };
  }
}

function messageOf({ done, total, message }: Progress): string {
  const amount = total === undefined ? `${done}` : `${done} of ${total}`;
  return message === undefined ? amount : `${message}: ${amount}`;
}
