import { ProtocolError, type Result } from "@modelcontextprotocol/server";
import type { Outside } from "../../core/outside.ts";
import type { Principal } from "../../core/principal.ts";
import type { Progress } from "../../core/tool.ts";
import { ownerOf } from "../sessions/owner.ts";
import { outlasts } from "./outlasts.ts";
import { OutsideTie } from "./outside-tie.ts";
import type { TaskEnd, TaskRecord, TaskStore } from "./store.ts";
import { TakeUpPauses } from "./take-up-pauses.ts";
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
  call: Pick<SealedCall, "name" | "arguments" | "correlationId" | "rights">;
  principal: Principal;
  run(signal: AbortSignal, tell: TaskTelling): Promise<TaskOutcome>;
}

/** Work of a request that waits for it. */
export interface RequestWork extends TaskWork {
  /** Of the request: ends the call as long as it is no task. */
  signal: AbortSignal;
}

/** How a call came out. */
export interface TaskOutcome {
  result: Result;
  /** With a fault, as a call that is stopped does. */
  hasFailed: boolean;
  /** With a fault that says that what it waited for was cancelled elsewhere. */
  wasCancelled: boolean;
  /** Of a fault that says nothing of what the call waits for: what it says, and when to ask again at the earliest. */
  mayPass: { message: string; retryAfterMs: number } | undefined;
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

/** What stopping a task of this principal takes. */
export interface StopAccess {
  /** Whether the principal may see the tool of this name. */
  isVisible(toolName: string): boolean;
  /** Stops what a call began elsewhere. Throws where it may go on. */
  stopOutside(sealed: SealedCall): Promise<void>;
}

/** Runs calls that may outlive their request, and answers for them afterwards. */
export interface TaskRunner {
  /** Of a call that may become a task. Milliseconds. */
  readonly timeoutMs: number;
  /** The call's result where it was done in time, else the task it became. */
  start(work: RequestWork): Promise<{ result: Result } | { task: TaskRecord }>;
  /**
   * Undefined for what is not there or not this principal's, alike. A task of another process whose work goes on
   * elsewhere is taken up by this one.
   */
  find(taskId: string, principal: Principal, takeUp: TakeUp): Promise<TaskRecord | undefined>;
  /**
   * Stops a task that works; a task that is done by then stays done. That of another process is stopped where its work
   * is, with no call begun here. False for what is not there, or not to be seen. Throws what `stopOutside` throws.
   */
  cancel(taskId: string, principal: Principal, access: StopAccess): Promise<boolean>;
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
  readonly #pauses: TakeUpPauses;
  readonly #takenUp = new Map<string, Promise<TaskRecord | undefined>>();

  constructor(options: TaskRunnerOptions) {
    this.#options = options;
    this.timeoutMs = options.times.timeoutMs;
    this.#pauses = new TakeUpPauses(options.now);
  }

  async start(work: RequestWork): Promise<{ result: Result } | { task: TaskRecord }> {
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
    const isAtWork = this.#running.has(taskId) || this.#pauses.isOn(taskId);
    const isIdle = !known || (!known.end && !isAtWork);
    const task = (isIdle ? await this.#takeUp(taskId, owner, takeUp) : undefined) ?? known;
    return task?.owner === owner ? task : undefined;
  }

  async cancel(taskId: string, principal: Principal, access: StopAccess): Promise<boolean> {
    const owner = ownerOf(principal);
    const found = await this.#options.store.get(taskId);
    const known = found?.owner === owner ? found : undefined;
    const sealed = this.#sealed(taskId, owner);
    const toolName = known?.toolName ?? sealed?.name;
    if (toolName === undefined || !access.isVisible(toolName)) return false;
    if (known?.end) return true;
    const run = this.#running.get(taskId);
    // A call that goes on with another's work finds it stopped.
    if (run && !run.outside.resumes) run.stop.abort();
    else if (sealed) await access.stopOutside(sealed);
    return true;
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

  /** What an id holds that is this owner's and has not expired. */
  #sealed(taskId: string, owner: string): SealedCall | undefined {
    const sealed = this.#options.ids.open(taskId);
    if (sealed?.owner !== owner) return undefined;
    return sealed.createdMs + sealed.ttlMs > this.#options.now() ? sealed : undefined;
  }

  /** One for all who ask at once. */
  #takeUp(taskId: string, owner: string, takeUp: TakeUp): Promise<TaskRecord | undefined> {
    const sealed = this.#sealed(taskId, owner);
    if (!sealed) return Promise.resolve(undefined);
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
    const { toolName } = work;
    const { rights } = work.call;
    const task = { taskId, owner, rights, toolName, createdMs, ttlMs, updatedMs: now() };
    const hasRoom = (await store.get(taskId)) !== undefined || (await store.add(task));
    if (!hasRoom) return { ...task, statusMessage: "waits for room on this server" };
    const run = this.#run(work, { ...task }, new OutsideTie(sealed.work));
    await outlasts(this.#finish(taskId, run), takenUpMs);
    return store.get(taskId);
  }

  #newTask({ principal, call: { rights }, toolName }: TaskWork) {
    const { times, now } = this.#options;
    const nowMs = now();
    const ttlMs = times.timeoutMs + times.keepMs;
    return { owner: ownerOf(principal), rights, toolName, createdMs: nowMs, updatedMs: nowMs, ttlMs };
  }

  #idOf({ call }: TaskWork, { owner, createdMs, ttlMs }: Draft, { work }: OutsideTie): string {
    const { ids } = this.#options;
    return (work && ids.seal({ ...call, owner, work, createdMs, ttlMs })) ?? ids.random();
  }

  async #finish(taskId: string, run: Run): Promise<void> {
    this.#running.set(taskId, run);
    const { end, again } = await endOf(run);
    if (end) await this.#keep(taskId, { end });
    if (again) {
      this.#pauses.begin(taskId, again.retryAfterMs);
      await this.#keep(taskId, { statusMessage: again.message });
    } else this.#pauses.end(taskId);
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

/**
 * A call that was stopped and still came to its end has its end. What was cancelled by another process is cancelled.
 * No end where the task has not ended, as its work goes on elsewhere; with `again`, where that was not to be asked.
 */
async function endOf({
  call,
  stop,
  outside,
}: Run): Promise<{ end?: TaskEnd; again?: TaskOutcome["mayPass"] }> {
  try {
    const { result, hasFailed, wasCancelled, mayPass } = await call;
    if (outside.isLeaving()) return {};
    if (outside.resumes && mayPass) return { again: mayPass };
    if (wasCancelled || (stop.signal.aborted && hasFailed)) return { end: { status: "cancelled" } };
    return { end: { status: "completed", result: { resultType: "complete", ...result } } };
  } catch (thrown) {
    if (thrown instanceof ProtocolError) {
      return { end: { status: "failed", error: { code: thrown.code, message: thrown.message } } };
    }
    return { end: { status: "failed", error: { code: -32603, message: "Internal error." } } };
  }
}

function messageOf({ done, total, message }: Progress): string {
  const amount = total === undefined ? `${done}` : `${done} of ${total}`;
  return message === undefined ? amount : `${message}: ${amount}`;
}
