import { hash } from "node:crypto";
import type { JWTPayload } from "jose";
import type { Principal } from "../../core/principal.ts";

export interface VerifiedTokensOptions {
  clockToleranceMs: number;
  now(): number;
}

interface Verified {
  principal: Principal;
  /** The issuer's keys at that time. */
  keys: object;
  /** Seconds since the epoch. */
  exp: number;
  nbf: number;
}

/** Beyond them the longest known are forgotten, and checked again. Some 5 MB. */
const maxTokens = 10_000;

/**
 * Tokens that were accepted, so that their signature is checked once and not with every call. What a check would find
 * otherwise by now is looked at each time: the token's times, and whether the issuer's keys are still the same and need
 * not be asked for. Holds digests of tokens, not tokens.
 */
export class VerifiedTokens {
  readonly #options: VerifiedTokensOptions;
  readonly #known = new Map<string, Verified>();

  constructor(options: VerifiedTokensOptions) {
    this.#options = options;
  }

  /** `keys`: those the token would be checked with now; none where the issuer is to be asked for them first. */
  find(token: string, keys: object | undefined): Principal | undefined {
    if (keys === undefined) return undefined;
    const digest = digestOf(token);
    const found = this.#known.get(digest);
    if (!found) return undefined;
    if (found.keys === keys && this.#isInTime(found)) return found.principal;
    this.#known.delete(digest);
    return undefined;
  }

  /** Nothing where the token has no end. */
  remember(token: string, keys: object, { exp, nbf = 0 }: JWTPayload, principal: Principal): void {
    if (exp === undefined) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= maxTokens) this.#known.delete(oldest);
    this.#known.set(digestOf(token), { principal, keys, exp, nbf });
  }

  /** As jose decides it. */
  #isInTime({ exp, nbf }: Verified): boolean {
    const { now, clockToleranceMs } = this.#options;
    const nowS = Math.floor(now() / 1_000);
    const toleranceS = clockToleranceMs / 1_000;
    return exp > nowS - toleranceS && nbf <= nowS + toleranceS;
  }
}

function digestOf(token: string): string {
  return hash("sha256", token, "base64");
}
