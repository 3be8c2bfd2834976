/** What a task ended with, as `tasks/get` says it. */
export type TaskEnd =
  | { status: "completed"; result: Record<string, unknown> }
  | { status: "failed"; error: { code: number; message: string } }
  | { status: "cancelled" };

/** A call that was answered before it was done. Plain data: a store may keep it anywhere. Times in ms since the epoch. */
export interface TaskRecord {
  /** Cannot be guessed; and only its owner is answered. */
  taskId: string;
  /** Of the principal who called. */
  owner: string;
  /** Of that principal when the call began. */
  rights: string;
  /** Whoever may not see it any more is not told of it. */
  toolName: string;
  createdMs: number;
  updatedMs: number;
  /** From `createdMs` on; afterwards nothing is kept. */
  ttlMs: number;
  /** How far it is, while it works. */
  statusMessage?: string | undefined;
  /** Absent while it works. */
  end?: TaskEnd | undefined;
}

/** Where tasks are kept. */
export interface TaskStore {
  /** False where there is no room for one more of this owner, or at all. */
  add(task: TaskRecord): Promise<boolean>;
  /** Undefined for what is not there, or no more. */
  get(taskId: string): Promise<TaskRecord | undefined>;
  /** What has ended stays as it ended. */
  update(
    taskId: string,
    change: Pick<TaskRecord, "updatedMs"> & Pick<Partial<TaskRecord>, "statusMessage" | "end">,
  ): Promise<void>;
}
