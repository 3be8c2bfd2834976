import type { JWTHeaderParameters, JWTPayload } from "jose";

/** What Cognito's issuers look like. Source: Amazon Cognito, "Verifying JSON web tokens". */
const cognitoIssuer = /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\//;

/** Claims that access tokens have and ID tokens have not: of RFC 9068 and RFC 8693, of Entra, of Cognito. */
const accessClaims = ["client_id", "scope", "scp", "appid", "azpacr"];

/** Claims of ID tokens. Source: OpenID Connect Core 1.0, section 3.3.2.11. */
const identityClaims = ["at_hash", "c_hash"];

/**
 * Whether a token is an access token. An ID token says who somebody is to an application; it allows nothing.
 * `typ` tells where the issuer follows RFC 9068, `token_use` for Cognito, `typ` among the claims for Keycloak;
 * else the claims it has.
 */
export function isAccessToken({ typ }: JWTHeaderParameters, payload: JWTPayload): boolean {
  const type = typ?.toLowerCase().replace(/^application\//, "");
  if (type !== undefined && type !== "at+jwt" && type !== "jwt") return false;
  const { token_use: use, typ: kind, iss = "" } = payload;
  if (use !== undefined ? use !== "access" : cognitoIssuer.test(iss)) return false;
  if (typeof kind === "string" && !["bearer", "dpop"].includes(kind.toLowerCase())) return false;
  if (type === "at+jwt") return true;
  const has = (name: string) => payload[name] !== undefined;
  return !identityClaims.some(has) && accessClaims.some(has);
}
