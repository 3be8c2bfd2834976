import { ProtocolError, type Result } from "@modelcontextprotocol/server";
import type { Outside } from "../../core/outside.ts";
import type { Principal } from "../../core/principal.ts";
import type { Progress } from "../../core/tool.ts";
import { ownerOf } from "../sessions/owner.ts";
import { OutsideTie } from "./outside-tie.ts";
import type { TaskEnd, TaskRecord, TaskStore } from "./store.ts";
import type { SealedCall, TaskIds } from "./task-ids.ts";

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
  /** What is called, for another process to go on with. */
  call: Pick<SealedCall, "name" | "arguments" | "correlationId">;
  principal: Principal;
  /** Of the request: ends the call as long as it is no task. */
  signal: AbortSignal;
  run(signal: AbortSignal, tell: TaskTelling): Promise<TaskOutcome>;
}

/** How a call came out. */
export interface TaskOutcome {
  result: Result;
  /** With a fault, as a call that is stopped does. */
  hasFailed: boolean;
  /** With a fault that says that what it waited for was cancelled elsewhere. */
  wasCancelled: boolean;
  /** With a fault of the call's way that says nothing of what it waited for: asked again, it may pass. */
  mayPass: boolean;
}

/** What a call has of the task it may become. */
export interface TaskTelling {
  /** Whether its request has been answered, so that nothing more can be said on it. */
  isTask(): boolean;
  progress(update: Progress): void;
  outside: Outside;
}

/** A call that another process began, as work of this one. Undefined where that may not be. */
export type TakeUp = (call: SealedCall) => TaskWork | undefined;

/** Runs calls that may outlive their request, and answers for them afterwards. */
export interface TaskRunner {
  /** Of a call that may become a task. Milliseconds. */
  readonly timeoutMs: number;
  /** The call's result where it was done in time, else the task it became. */
  start(work: TaskWork): Promise<{ result: Result } | { task: TaskRecord }>;
  /**
   * Undefined for what is not there or not this principal's, alike. A task of another process whose work goes on
   * elsewhere is taken up by this one.
   */
  find(taskId: string, principal: Principal, takeUp: TakeUp): Promise<TaskRecord | undefined>;
  /** Stops a task that works; a task that is done by then stays done. */
  cancel(taskId: string): void;
  /** Stops what still runs, but for work elsewhere that another process can be asked for. */
  close(): void;
}

export interface TaskRunnerOptions {
  store: TaskStore;
  ids: TaskIds;
  times: TaskTimes;
  now(): number;
  /** A task's end that could not be kept. */
  onError(error: Error): void;
}

/** Runs calls in this process. */
export function createTaskRunner(options: TaskRunnerOptions): TaskRunner {
  return new LocalTaskRunner(options);
}

/** How long a task waits to know what its call is about to begin elsewhere, for its id. */
const namingMs = 20_000;
/** How long a task that is taken up may take to be done before it is said to work. */
const takenUpMs = 1_000;

/** A call under way. */
interface Run {
  stop: AbortController;
  outside: OutsideTie;
  call: Promise<TaskOutcome>;
}

class LocalTaskRunner implements TaskRunner {
  readonly timeoutMs: number;
  readonly #options: TaskRunnerOptions;
  readonly #running = new Map<string, Run>();
  readonly #takenUp = new Map<string, Promise<TaskRecord | undefined>>();

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.timeoutMs = options.times.timeoutMs;
  }

  async start(work: TaskWork): Promise<{ result: Result } | { task: TaskRecord }> {
    const { store, times, now } = this.#options;
    const draft: Draft = { ...this.#newTask(work), taskId: undefined };
    const run = this.#run(work, draft, new OutsideTie());
    const { stop, outside, call } = run;
    const onGone = () => stop.abort();
    work.signal.addEventListener("abort", onGone, { once: true });
    if (work.signal.aborted) onGone();
    try {
      const isSlow = (await outlasts(call, times.afterMs)) && (await isStillWaiting(call, outside));
      if (!isSlow || stop.signal.aborted) return { result: (await call).result };
      const task = { ...draft, taskId: this.#idOf(work, draft, outside), updatedMs: now() };
      // Without room for one more task the caller waits, as one who takes no tasks does.
      if (!(await store.add(task))) return { result: (await call).result };
      draft.taskId = task.taskId;
      void this.#finish(task.taskId, run);
      return { task };
    } finally {
      work.signal.removeEventListener("abort", onGone);
    }
  }

  async find(taskId: string, principal: Principal, takeUp: TakeUp): Promise<TaskRecord | undefined> {
    const owner = ownerOf(principal);
    const known = await this.#options.store.get(taskId);
    const isIdle = !known || (!known.end && !this.#running.has(taskId));
    const task = (isIdle ? await this.#takeUp(taskId, owner, takeUp) : undefined) ?? known;
    return task?.owner === owner ? task : undefined;
  }

  cancel(taskId: string): void {
    this.#running.get(taskId)?.stop.abort();
  }

  close(): void {
    const { ids } = this.#options;
    for (const [taskId, { stop, outside }] of this.#running) {
      if (ids.open(taskId)) outside.leave();
      stop.abort();
    }
  }

  #run(work: TaskWork, draft: Draft, outside: OutsideTie): Run {
    const stop = new AbortController();
    const call = work.run(stop.signal, {
      isTask: () => draft.taskId !== undefined,
      progress: (update) => {
        draft.statusMessage = messageOf(update);
        if (draft.taskId !== undefined) void this.#keep(draft.taskId, { statusMessage: draft.statusMessage });
      },
      outside,
    });
    return { stop, outside, call };
  }

  /** One for all who ask at once. */
  #takeUp(taskId: string, owner: string, takeUp: TakeUp): Promise<TaskRecord | undefined> {
    const sealed = this.#options.ids.open(taskId);
    const isGone = !sealed || sealed.createdMs + sealed.ttlMs <= this.#options.now();
    if (isGone || sealed.owner !== owner) return Promise.resolve(undefined);
    const before = this.#takenUp.get(taskId);
    if (before) return before;
    const taken = this.#goOn(taskId, sealed, takeUp).finally(() => this.#takenUp.delete(taskId));
    this.#takenUp.set(taskId, taken);
    return taken;
  }

  async #goOn(taskId: string, sealed: SealedCall, takeUp: TakeUp): Promise<TaskRecord | undefined> {
    const { store, now } = this.#options;
    const work = takeUp(sealed);
    if (!work) return undefined;
    const { owner, createdMs, ttlMs } = sealed;
    const task = { taskId, owner, toolName: work.toolName, createdMs, ttlMs, updatedMs: now() };
    if (!(await store.add(task))) return { ...task, statusMessage: "waits for room on this server" };
    const run = this.#run(work, { ...task }, new OutsideTie(sealed.work));
    await outlasts(this.#finish(taskId, run), takenUpMs);
    return store.get(taskId);
  }

  #newTask({ principal, toolName }: TaskWork) {
    const { times, now } = this.#options;
    const nowMs = now();
    const ttlMs = times.timeoutMs + times.keepMs;
    return { owner: ownerOf(principal), toolName, createdMs: nowMs, updatedMs: nowMs, ttlMs };
  }

  #idOf({ call }: TaskWork, { owner, createdMs, ttlMs }: Draft, { work }: OutsideTie): string {
    const { ids } = this.#options;
    return (work && ids.seal({ ...call, owner, work, createdMs, ttlMs })) ?? ids.random();
  }

  async #finish(taskId: string, run: Run): Promise<void> {
    this.#running.set(taskId, run);
    const end = await endOf(run);
    if (end) await this.#keep(taskId, { end });
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

/** What may become a task; it is one when it has an id. */
type Draft = Omit<TaskRecord, "taskId"> & { taskId: string | undefined };

/** Whether the call is not settled once it is known what it began elsewhere, or that takes too long. */
async function isStillWaiting(call: Promise<unknown>, outside: OutsideTie): Promise<boolean> {
  const known = outside.whenKnown();
  await outlasts(Promise.race([call, known]), namingMs);
  return outlasts(call, 0);
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

/**
 * A call that was stopped and still came to its end has its end. What was cancelled by another process is cancelled.
 * Undefined where the task has not ended, as its work goes on elsewhere.
 */
async function endOf({ call, stop, outside }: Run): Promise<TaskEnd | undefined> {
  try {
    const { result, hasFailed, wasCancelled, mayPass } = await call;
    if (outside.isLeaving() || (outside.resumes && mayPass)) return undefined;
    if (wasCancelled || (stop.signal.aborted && hasFailed)) return { status: "cancelled" };
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
