import { errors, jwtVerify } from "jose";
import { type AuthMode, type ClientCertificate, refuse, type Verdict } from "../mode.ts";
import { type Audience, isMeantForUs } from "./audience.ts";
import { bindingOf, wrongHolder } from "./binding.ts";
import { type ClaimNames, principalOf, scopesOf } from "./claims.ts";
import { discoverKeys, type FetchJson } from "./discover.ts";
import { fetchJson as fetchJsonOverHttp } from "./fetch-json.ts";
import { IssuerKeys, IssuerUnavailable } from "./issuer-keys.ts";
import { isAccessToken } from "./token-kind.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

export interface JwtOptions extends Audience {
  /** Exactly as tokens have it. */
  issuer: string;
  /** Every token must have all of these. */
  scopes: readonly string[];
  /** Of asymmetric signatures. */
  algorithms: readonly string[];
  clockToleranceMs: number;
  claims: ClaimNames;
  now(): number;
  /** Takes why the issuer could not be asked, for the log. */
  onFault(cause: unknown): void;
  /** Default: over HTTP. */
  fetchJson?: FetchJson;
}

const bearer = /^bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i;

/** Access tokens of one OpenID Connect issuer, checked with its public keys. Source: RFC 9068, section 4. */
export function createJwtMode(options: JwtOptions): AuthMode {
  const { issuer, now, onFault, fetchJson = fetchJsonOverHttp } = options;
  const keys = new IssuerKeys({ fetchKeys: () => discoverKeys(issuer, fetchJson), now, onFault });
  const verified = new VerifiedTokens(options);
  return {
    via: "jwt",
    isBroughtBy: ({ headers }) => /^bearer\b/i.test(headers.get("authorization") ?? ""),
    async authenticate({ headers, certificate }) {
      const [, token] = bearer.exec(headers.get("authorization") ?? "") ?? [];
      if (token === undefined) return refuse("invalid", "jwt", "not a JWT");
      const known = verified.find(token, keys.fresh());
      if (known) return { principal: known };
      try {
        return await verify({ token, certificate }, keys, verified, options);
      } catch (thrown) {
        if (thrown instanceof IssuerUnavailable) return refuse("unavailable", "jwt", thrown.message);
        if (thrown instanceof errors.JOSEError) return refuse("invalid", "jwt", reasonOf(thrown));
        throw thrown;
      }
    },
  };
}

/** What a request brings. */
interface Brought {
  token: string;
  certificate: ClientCertificate | undefined;
}

async function verify(
  { token, certificate }: Brought,
  keys: IssuerKeys,
  verified: VerifiedTokens,
  options: JwtOptions,
): Promise<Verdict> {
  const before = keys.fresh();
  const { payload, protectedHeader } = await jwtVerify(token, keys.find, {
    issuer: options.issuer,
    algorithms: [...options.algorithms],
    clockTolerance: options.clockToleranceMs / 1000,
    currentDate: new Date(options.now()),
    requiredClaims: ["exp"],
  });
  if (!isMoment(payload.exp)) return refuse("invalid", "jwt", "exp is no date");
  if (!isAccessToken(protectedHeader, payload)) return refuse("invalid", "jwt", "not an access token");
  const binding = bindingOf(payload);
  const wrong = wrongHolder(binding, certificate);
  if (wrong !== undefined) return refuse("invalid", "jwt", wrong);
  if (!isMeantForUs(payload, options)) return refuse("invalid", "jwt", "for another audience or client");
  const principal = principalOf(payload, options.claims);
  if (!principal) return refuse("invalid", "jwt", "a claim of the principal is missing or unfit");
  const scopes = scopesOf(payload);
  const missing = options.scopes.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) return refuse("insufficient_scope", "jwt", `without scope ${missing.join(" ")}`);
  // Keys that were fetched meanwhile may not be those it was checked with; who brings it may be another the next time.
  if (before !== undefined && before === keys.fresh() && !binding)
    verified.remember(token, before, payload, principal);
  return { principal };
}

/** JSON has numbers past every date, `1e400` too, which is read as infinite: such a token would never end. */
function isMoment(seconds: number | undefined): boolean {
  return seconds !== undefined && !Number.isNaN(new Date(seconds * 1_000).getTime());
}

/** Jose's own messages can quote what a caller wrote; its codes and claim names cannot. */
function reasonOf(error: errors.JOSEError): string {
  const claim = error instanceof errors.JWTClaimValidationFailed ? ` ${error.claim}` : "";
  const isOfTime = error instanceof errors.JWTExpired || claim === " nbf" || claim === " iat";
  return `${error.code}${claim}${isOfTime ? " (or this server's clock, or the issuer's, is off)" : ""}`;
}
