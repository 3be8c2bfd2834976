/** A service in one place, which fails or works as one. */
export interface ServiceTarget {
  /** As AWS abbreviates it, such as `s3`. */
  service: string;
  region: string;
  /** Left out: the account the process's own credentials are of. */
  account?: string | undefined;
  /** ARN of the role it is called with, where what fails may be that role's alone. Left out: the process's own. */
  role?: string | undefined;
}

/** How a body that comes after its answer ended: all of it came; nobody wanted the rest; or who waited for it left, as it hung. */
export type BodyEnd = "whole" | "left" | "hung";

/** One request, its retries included. */
export interface GuardedRequest<T> {
  send(): Promise<T>;
  /**
   * Of an answer whose body comes later than `send` ends. Throws what broke it off. Left out: there is no more.
   */
  rest?(answer: T): Promise<BodyEnd>;
  /** Aborts when nobody waits any more: what the request then throws says nothing of the service, unless it hung. */
  signal: AbortSignal;
  /** Who leaves a request that had no answer for so long leaves a service that hangs. Milliseconds. Left out: never. */
  hangsAfterMs?: number;
  /** How long it has had no answer, where it may be sent again after one. Left out: since it was sent. Milliseconds. */
  unansweredMs?(): number;
  /** Whether what was thrown says that the service fails, and not that the request was wrong. */
  isFailure(thrown: unknown): boolean;
  /** Whether what was thrown, and is no failure, is the service's own answer. Left out: all of it is. */
  isAnswer?(thrown: unknown): boolean;
}

/** How much may be sent again to a service, by all who call it together: a failing one is not buried under retries. */
export interface RetryBudget {
  /** Takes what one retry costs. False where too little is left: what was tried last is then the answer. */
  take(): boolean;
  /** Told of each request that succeeded: gives back what its last retry took, or a little where it needed none. */
  succeeded(wasRetried: boolean): void;
}

/** Stands between the product and the services it calls. Throws what the request throws, and `unavailable` unasked. */
export interface ServiceGuard {
  run<T>(target: ServiceTarget, request: GuardedRequest<T>): Promise<T>;
  /** Of a service whose client does not come with one, as the AWS SDK's do. */
  retries(target: ServiceTarget): RetryBudget;
}

/** Lets every request through, and every retry. */
export const unguardedServices: ServiceGuard = Object.freeze({
  run: <T>(_target: ServiceTarget, { send }: GuardedRequest<T>) => send(),
  retries: () => ({ take: () => true, succeeded: () => {} }),
});
