import type { AuthMode, CallerRequest, Verdict } from "./mode.ts";

/** Decides who sent a request. Never throws. */
export type Authenticator = (request: CallerRequest) => Promise<Verdict>;

/**
 * Several modes as one. The evidence a request brings picks the mode, and that mode alone decides: what one
 * refuses no other is asked about. Evidence of two kinds is refused, as it may be of two callers.
 */
export function createAuthenticator(modes: readonly AuthMode[]): Authenticator {
  return async (request) => {
    const [mode, other] = modes.filter((each) => each.isBroughtBy(request));
    if (!mode) return { refusal: { kind: "missing", reason: "no credentials" } };
    if (other) return { refusal: { kind: "invalid", reason: `both ${mode.via} and ${other.via}` } };
    try {
      return await mode.authenticate(request);
    } catch (cause) {
      return { refusal: { kind: "unavailable", via: mode.via, reason: "failed inside", cause } };
    }
  };
}
