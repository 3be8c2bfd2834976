/** Less than this in the time in which a service has to answer is a body that drips, and not a slow network. */
const leastBytes = 16 * 1024;

/**
 * How long whoever walks a body has waited for its last bytes. Time in which nobody asked for more is not counted, however
 * long it takes.
 */
export class BodyPace {
  readonly #hangsAfterMs: number;
  readonly #clock: () => number;
  #waitedMs = 0;
  #cameBytes = 0;
  #sinceMs: number | undefined;

  /** `clock` in milliseconds, and never set. */
  constructor(hangsAfterMs: number, clock: () => number = () => performance.now()) {
    this.#hangsAfterMs = hangsAfterMs;
    this.#clock = clock;
  }

  /** More is asked for. */
  waits(): void {
    this.#sinceMs = this.#clock();
  }

  came(sizeBytes: number): void {
    this.#waitedMs = this.#nowWaitedMs();
    this.#sinceMs = undefined;
    this.#cameBytes += sizeBytes;
    if (this.#cameBytes < leastBytes) return;
    this.#waitedMs = 0;
    this.#cameBytes = 0;
  }

  isHung(): boolean {
    return this.#nowWaitedMs() >= this.#hangsAfterMs;
  }

  #nowWaitedMs(): number {
    return this.#waitedMs + (this.#sinceMs === undefined ? 0 : this.#clock() - this.#sinceMs);
  }
}
