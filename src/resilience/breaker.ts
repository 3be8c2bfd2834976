import { ToolError } from "../core/errors.ts";
import type { GuardedRequest } from "../core/service-guard.ts";

/** How soon a breaker opens, and how it finds out whether it may close again. */
export interface BreakerSettings {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it stays open. Milliseconds. */
  resetMs: number;
  /** Requests it then lets through; it closes when all of them succeed. */
  halfOpenCalls: number;
  /** Such a request that takes longer counts as failed. Milliseconds. */
  probeTimeoutMs: number;
}

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerOptions {
  settings: BreakerSettings;
  /** What is guarded, for messages: `s3 in eu-central-1`. */
  name: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Told of each change. */
  changed?: (state: BreakerState) => void;
}

const verdicts = { whole: "success", left: "none", hung: "failure" } as const;

/** Whether an answer is there at once, or has a body that comes in time. */
type Kind = "brief" | "whole";

/**
 * Closed, it lets every request through and counts failures in a row. Open, it refuses all of them at once. Half open, it
 * lets exactly `halfOpenCalls` through: one failure opens it again, and their success closes it. Requests of a state that
 * is over have no say any more, nor have those whose caller left before they hung or that were never sent, for want of
 * credentials; such a probe makes room for another one. Brief answers end no row of bodies that broke off: a service that breaks each one mostly
 * says first how large it would be.
 */
export class Breaker {
  private readonly options: BreakerOptions;
  private current: BreakerState = "closed";
  /** Counts the states: a verdict counts only in the one its request was let through in. */
  private era = 0;
  private failuresInRow: Record<Kind, number> = { brief: 0, whole: 0 };
  private openedMs = 0;
  private probesLeft = 0;
  private successesLeft = 0;

  constructor(options: BreakerOptions) {
    this.options = options;
  }

  get state(): BreakerState {
    return this.current;
  }

  /** Until a request is let through again. Milliseconds; 0 where one would be. */
  retryAfterMs(): number {
    const { now, settings } = this.options;
    if (this.current === "closed") return 0;
    if (this.current === "open") return Math.max(0, this.openedMs + settings.resetMs - now());
    return this.probesLeft > 0 ? 0 : settings.probeTimeoutMs;
  }

  async run<T>(request: GuardedRequest<T>): Promise<T> {
    const { send, rest, signal, isFailure, isAnswer = () => true } = request;
    this.admit();
    const sentMs = this.options.now();
    const verdict = this.verdict(rest ? "whole" : "brief");
    const judge = (thrown: unknown) => {
      if (signal.aborted) verdict("none");
      else if (isFailure(thrown)) verdict("failure");
      else verdict(isAnswer(thrown) ? "success" : "none");
    };
    try {
      const value = await send();
      if (rest) void rest(value).then((end) => verdict(verdicts[end]), judge);
      else verdict("success");
      return value;
    } catch (thrown) {
      const waitedMs = request.unansweredMs?.() ?? this.options.now() - sentMs;
      if (signal.aborted && waitedMs >= (request.hangsAfterMs ?? Number.POSITIVE_INFINITY))
        verdict("failure");
      else judge(thrown);
      throw thrown;
    }
  }

  private admit(): void {
    const { settings } = this.options;
    if (this.current === "open" && this.retryAfterMs() === 0) {
      this.change("half_open");
      this.probesLeft = settings.halfOpenCalls;
      this.successesLeft = settings.halfOpenCalls;
    }
    if (this.current === "closed") return;
    if (this.current === "open" || this.probesLeft === 0) throw this.refusal();
    this.probesLeft--;
  }

  /** What says, once, how the request that was just let through ended. */
  private verdict(kind: Kind): (outcome: "success" | "failure" | "none") => void {
    const { era } = this;
    const isProbe = this.current === "half_open";
    let isGiven = false;
    const give = (outcome: "success" | "failure" | "none") => {
      clearTimeout(timer);
      if (isGiven || era !== this.era) return;
      isGiven = true;
      if (outcome === "failure") this.failed(kind);
      else if (outcome === "success") this.succeeded(kind);
      else if (isProbe) this.probesLeft++;
    };
    const { probeTimeoutMs } = this.options.settings;
    const timer = isProbe ? setTimeout(() => give("failure"), probeTimeoutMs).unref() : undefined;
    return give;
  }

  private failed(kind: Kind): void {
    const inRow = ++this.failuresInRow[kind];
    if (this.current === "closed" && inRow < this.options.settings.failures) return;
    this.openedMs = this.options.now();
    this.change("open");
  }

  private succeeded(kind: Kind): void {
    this.failuresInRow.brief = 0;
    if (kind === "whole") this.failuresInRow.whole = 0;
    if (this.current === "half_open" && --this.successesLeft === 0) this.change("closed");
  }

  private change(state: BreakerState): void {
    this.current = state;
    this.era++;
    this.failuresInRow = { brief: 0, whole: 0 };
    this.options.changed?.(state);
  }

  private refusal(): ToolError {
    const { name, settings } = this.options;
    const retryAfterMs = this.retryAfterMs();
    return new ToolError(
      "unavailable",
      this.current === "open"
        ? `${name} failed ${settings.failures} times in a row or more, and is not asked again for ${Math.ceil(retryAfterMs / 1000)} s.`
        : `${name} failed lately, and is being tried with a few requests. Try again in a moment.`,
      { retryable: true, details: { retryAfterMs, breaker: this.current } },
    );
  }
}
