/** A service in one place, which fails or works as one. */
export interface ServiceTarget {
  /** As AWS abbreviates it, such as `s3`. */
  service: string;
  region: string;
  /** Left out: the account the process's own credentials are of. */
  account?: string | undefined;
}

/** One request, its retries included. */
export interface GuardedRequest<T> {
  send(): Promise<T>;
  /** Aborts when nobody waits any more: what the request then throws says nothing of the service. */
  signal: AbortSignal;
  /** Whether what was thrown says that the service fails, and not that the request was wrong. */
  isFailure(thrown: unknown): boolean;
}

/** Stands between the product and the services it calls. Throws what the request throws, and `unavailable` unasked. */
export interface ServiceGuard {
  run<T>(target: ServiceTarget, request: GuardedRequest<T>): Promise<T>;
}

/** Lets every request through. */
export const unguardedServices: ServiceGuard = Object.freeze({
  run: <T>(_target: ServiceTarget, { send }: GuardedRequest<T>) => send(),
});
