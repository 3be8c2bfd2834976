import type { CompiledPolicy } from "./compile-policy.ts";

/** A policy as it is now, or why there is none. */
export type PolicyState = { policy: CompiledPolicy } | { problems: readonly string[] };

/** The policy in force. */
export interface Access {
  state(): PolicyState;
  /** Settles when the policy was read for the first time, whatever came of it. */
  loaded: Promise<void>;
  /** Has `listener` told of every other policy that comes into force, and of every fault. */
  onChange(listener: (state: PolicyState) => void): void;
  close(): void;
}

/** Of a policy that is part of the settings. */
export function fixedAccess(policy: CompiledPolicy): Access {
  return { state: () => ({ policy }), loaded: Promise.resolve(), onChange: () => {}, close: () => {} };
}
