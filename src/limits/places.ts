import { callerLeft, noPlace, waitedTooLong } from "./refusals.ts";

/** How many calls run at once in this process, and how many more may wait and how long. */
export interface PlaceSettings {
  concurrency: number;
  queue: number;
  queueMs: number;
}

/** The places calls run in. Who comes first is served first. */
export class Places {
  readonly #settings: PlaceSettings;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(settings: PlaceSettings) {
    this.#settings = settings;
  }

  /** Calls that run and calls that wait. */
  get use(): { taken: number; waiting: number } {
    return { taken: this.#taken, waiting: this.#waiting.size };
  }

  /**
   * Answers with what gives the place back; a second time it does nothing. Throws `throttled` at once where too
   * many wait, or after waiting in vain; `timeout` when the caller leaves the queue.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted) throw callerLeft();
    if (this.#taken < this.#settings.concurrency) {
      this.#taken += 1;
      return this.#release();
    }
    if (this.#waiting.size >= this.#settings.queue) throw noPlace(this.#settings);
    await this.#wait(signal);
    return this.#release();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(enter);
      };
      const enter = () => {
        leave();
        resolve();
      };
      const onAbort = () => {
        leave();
        reject(callerLeft());
      };
      const { queueMs } = this.#settings;
      const timer = setTimeout(() => {
        leave();
        reject(waitedTooLong(queueMs));
      }, queueMs);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(enter);
    });
  }

  #release(): () => void {
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const [next] = this.#waiting;
      // The place goes from hand to hand: nobody who comes now may step in between.
      if (next) next();
      else this.#taken -= 1;
    };
  }
}
