import type { ServiceTarget } from "../core/service-guard.ts";

/**
 * Names one item. The tenant comes first, so that a store can confine a tenant to its own items (DynamoDB's
 * condition key `dynamodb:LeadingKeys`). An item is either a counter or a value, never both.
 */
export interface StateKey {
  tenantId: string;
  /** Within the tenant. */
  name: string;
}

/** What a value is kept as. From `expiresAtMs` on (milliseconds since the epoch) it is as if it were not there. */
export interface StateItem {
  /** At most `maxValueBytes` in UTF-8. */
  value: string;
  expiresAtMs: number;
}

/** What became of an increment. A refused one changed nothing. */
export interface Counted {
  isAccepted: boolean;
  /** The count now. */
  count: number;
}

/** What became of a conditional put: if it was not done, the value that stood in its way, if any. */
export type PutResult = { isDone: true } | { isDone: false; current?: string };

/** How a put is sent. */
export interface PutOptions {
  /**
   * Never again where the first attempt may have been done; it throws `unavailable` then. Left out: it may be sent
   * again, and find the value it put itself.
   */
  once?: boolean;
}

/**
 * Small items that outlive a call, and, where the store is shared, a process. Every method throws `unavailable`
 * when the store does not answer in time, and `RangeError` for keys and values past their bounds.
 */
export interface StateStore {
  readonly kind: "memory" | "dynamodb" | "redis";
  /** Whether other processes see the same items. */
  readonly isShared: boolean;
  /**
   * Adds one, unless that passes `most`. Exact: of any number at once, no more are accepted than fit, and one that throws
   * has added one at most.
   */
  increment(key: StateKey, limits: { most: number; expiresAtMs: number }): Promise<Counted>;
  /** Takes one away from a counter that is there and above zero. */
  decrement(key: StateKey): Promise<void>;
  get(key: StateKey): Promise<string | undefined>;
  /** Puts where the value is still `expected`; `undefined` expects none. */
  putIf(
    key: StateKey,
    item: StateItem,
    expected: string | undefined,
    options?: PutOptions,
  ): Promise<PutResult>;
  delete(key: StateKey): Promise<void>;
  /** Throws where the store cannot be used: for readiness and for whoever set it up. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** A store that is a service outside of this process. */
export interface RemoteStore extends StateStore {
  /** Throws `unavailable` where the region cannot be found out. */
  target(): Promise<ServiceTarget>;
  /** What the `cause` of an `unavailable` says of the service: that it fails, that it answers, or nothing. */
  judge(cause: unknown): "fails" | "answers" | "nothing";
}
