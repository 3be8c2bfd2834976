import type { Evidence, Principal } from "../core/principal.ts";

/** What is known of a request before its body is read. */
export interface CallerRequest {
  method: string;
  url: string;
  headers: Headers;
  /** The certificate of the client's connection, to us or to a configured proxy; undefined where there is none. */
  certificate?: ClientCertificate | undefined;
  /** Who signed the request, as the gateway in front has checked; undefined where there is none. Never from a header. */
  iam?: IamCaller | undefined;
}

/** An AWS identity that a gateway has checked. Members are as AWS writes them, null where they do not apply. */
export interface IamCaller {
  /** Of a user, a role's session, a federated user, or an account's root. */
  userArn: string;
  accountId?: string | null | undefined;
  /** Of the caller's account. */
  principalOrgId?: string | null | undefined;
  /** Of callers whose credentials came from a Cognito identity pool: their sessions have all one name. */
  cognitoIdentityId?: string | null | undefined;
}

/** A certificate whose private key the client has shown to hold, to us or to a configured proxy. */
export interface ClientCertificate {
  /** Whether an authority of the settings has signed it, it is in its time and not revoked. */
  isTrusted: boolean;
  /** Why it is not trusted: a code of OpenSSL, or what is wrong with a header. Holds nothing a caller wrote. */
  distrust?: string | undefined;
  /** `URI:…`, `DNS:…` and `email:…` of its alternative names, and `subject:O=…/CN=…`. */
  names: readonly string[];
  /** SHA-256 of its DER in base64url; none where that could not be read. */
  fingerprint?: string | undefined;
}

/** How a refusal is answered. `unavailable` is nobody's fault who calls: the answer cannot be known now. */
export type RefusalKind = "missing" | "invalid" | "insufficient_scope" | "unavailable";

/** Why a request has no principal. Holds nothing a caller wrote. */
export interface Refusal {
  kind: RefusalKind;
  /** For the log alone: callers are told the kind. */
  reason: string;
  via?: Evidence;
  /** What lies behind the reason, for the log alone. */
  cause?: unknown;
}

/** Who called, or why nobody did. */
export type Verdict = { principal: Principal; refusal?: never } | { refusal: Refusal; principal?: never };

/** One way to prove who one is. */
export interface AuthMode {
  via: Evidence;
  /** Whether the request brings evidence of this kind. */
  isBroughtBy(request: CallerRequest): boolean;
  authenticate(request: CallerRequest): Promise<Verdict>;
}

export function refuse(kind: RefusalKind, via: Evidence, reason: string, cause?: unknown): Verdict {
  return { refusal: { kind, via, reason, ...(cause !== undefined && { cause }) } };
}
