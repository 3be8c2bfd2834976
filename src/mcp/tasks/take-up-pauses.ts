/** Between two tries to take a task up: at first, and what it grows to. */
const firstMs = 1_000;
const longestMs = 60_000;
/** How long after its end a pause is remembered, to grow from. */
const rememberedMs = 10 * 60_000;

/** Tasks whose taking up was refused, and until when none is tried. */
export class TakeUpPauses {
  readonly #pauses = new Map<string, { untilMs: number; lengthMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  isOn(taskId: string): boolean {
    return this.#now() < (this.#pauses.get(taskId)?.untilMs ?? 0);
  }

  /** Twice as long each time, and no shorter than was asked for. */
  begin(taskId: string, leastMs: number): void {
    const nowMs = this.#now();
    for (const [other, { untilMs }] of this.#pauses) {
      if (untilMs + rememberedMs < nowMs) this.#pauses.delete(other);
    }
    const before = this.#pauses.get(taskId);
    const grownMs = before ? Math.min(2 * before.lengthMs, longestMs) : firstMs;
    const lengthMs = Math.max(grownMs, leastMs);
    this.#pauses.set(taskId, { untilMs: nowMs + lengthMs, lengthMs });
  }

  end(taskId: string): void {
    this.#pauses.delete(taskId);
  }
}
