/** Calls, or no bound at all. */
export type Bound = number | "unlimited";

/** Bounds for some callers or of one tool, in place of or beside the general ones. */
export interface LimitOverride {
  /** A tool's own name. Its bounds hold beside the caller's others, and count this tool's calls alone. */
  tool?: string | undefined;
  /** With no tool, its bounds stand in the place of the general ones, for each principal of this tenant. */
  tenantId?: string | undefined;
  ratePerSecond?: Bound | undefined;
  burst?: number | undefined;
  perDay?: Bound | undefined;
}

/** Bounds that all principals of a tenant share, beside their own. */
export interface TenantTotal {
  /** Undefined: of each tenant, where no other total of its own says otherwise. */
  tenantId?: string | undefined;
  ratePerSecond?: Bound | undefined;
  /** There where a rate is. */
  burst?: number | undefined;
  perDay?: Bound | undefined;
}

/** What holds for each principal, and for the process as a whole. */
export interface LimitSettings {
  ratePerSecond: Bound;
  /** Calls that may come at once after a pause. */
  burst: number;
  perDay: Bound;
  overrides: readonly LimitOverride[];
  /** They hold for the local user too: somebody has set them. */
  tenantTotals: readonly TenantTotal[];
  /** Which of the general bounds hold for the local user too, who has proved nothing and has nobody to be kept from. */
  local: { rate: boolean; perDay: boolean; streams: boolean };
  /** Calls that run at once in this process. */
  concurrency: number;
  /** Calls that may wait for a place, and for how long. */
  queue: number;
  queueMs: number;
  /** Event streams that are open at once in this process; and of those, how many one principal's. */
  streams: number;
  streamsPerPrincipal: number;
}
