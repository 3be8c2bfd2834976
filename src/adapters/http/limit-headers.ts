import type { Allowance } from "../../core/steps.ts";
import type { CallLimits } from "../../mcp/call-limits.ts";

/** `Retry-After` where a call was told to come back, beside the RateLimit headers. Source: RFC 9110, section 10.2.3. */
export function limitHeaders({ allowances, retryAfterMs }: CallLimits): Record<string, string> {
  const retryAfter = retryAfterMs === undefined ? {} : { "retry-after": String(seconds(retryAfterMs)) };
  return { ...rateLimitHeaders(allowances), ...retryAfter };
}

/**
 * What the caller may still do, as headers. None where no limit holds.
 * Source: draft-ietf-httpapi-ratelimit-headers-10: `q` calls in `w` seconds; `r` left, all of it back in `t` seconds.
 */
function rateLimitHeaders(allowances: readonly Allowance[] | undefined): Record<string, string> {
  if (allowances === undefined || allowances.length === 0) return {};
  return {
    "ratelimit-policy": list(allowances, ({ calls, windowMs }) => `q=${calls};w=${seconds(windowMs)}`),
    ratelimit: list(allowances, ({ remaining, resetMs }) => `r=${remaining};t=${seconds(resetMs)}`),
  };
}

function list(allowances: readonly Allowance[], parameters: (allowance: Allowance) => string): string {
  return allowances.map((allowance) => `"${allowance.name}";${parameters(allowance)}`).join(", ");
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
