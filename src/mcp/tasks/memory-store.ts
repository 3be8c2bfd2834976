import type { TaskRecord, TaskStore } from "./store.ts";

export interface MemoryTaskStoreOptions {
  now(): number;
  /** Each may hold one result (`results.maxBytes`). */
  maxTasks?: number;
  maxTasksPerOwner?: number;
}

/** Keeps tasks in this process: they end with it. */
export class MemoryTaskStore implements TaskStore {
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #options: Required<MemoryTaskStoreOptions>;

  constructor({ now, maxTasks = 500, maxTasksPerOwner = 50 }: MemoryTaskStoreOptions) {
    this.#options = { now, maxTasks, maxTasksPerOwner };
  }

  async add(task: TaskRecord): Promise<boolean> {
    this.#dropExpired();
    const { maxTasks, maxTasksPerOwner } = this.#options;
    const own = [...this.#tasks.values()].filter(({ owner }) => owner === task.owner);
    if (this.#tasks.size >= maxTasks || own.length >= maxTasksPerOwner) return false;
    this.#tasks.set(task.taskId, { ...task });
    return true;
  }

  async get(taskId: string): Promise<TaskRecord | undefined> {
    this.#dropExpired();
    const task = this.#tasks.get(taskId);
    return task && { ...task };
  }

  update: TaskStore["update"] = async (taskId, change) => {
    const task = this.#tasks.get(taskId);
    if (task && !task.end) Object.assign(task, change);
  };

  #dropExpired(): void {
    const nowMs = this.#options.now();
    for (const [taskId, { createdMs, ttlMs }] of this.#tasks) {
      if (createdMs + ttlMs <= nowMs) this.#tasks.delete(taskId);
    }
  }
}
