import { apiKeyHeader } from "../../auth/api-keys.ts";

/** How refused callers are told what to bring. */
export interface Challenge {
  /** Of access tokens; undefined where none are taken. */
  oauth: OAuthResource | undefined;
  /** What says who calls: any one of them. */
  accepts: readonly AcceptedMode[];
  /** Whether a client's certificate must come with it. */
  requiresCertificate: boolean;
}

/** As `auth.modes` has it. */
export type AcceptedMode = "api_key" | "jwt" | "mtls" | "iam" | "module";

/** This server as RFC 9728 describes it. */
export interface OAuthResource {
  issuer: string;
  /** Every token must have these. */
  scopes: readonly string[];
  /** Public URL of /mcp. Left out: made of the host the caller names, which the guard has allowed. */
  resource?: string | undefined;
}

const wellKnown = "/.well-known/oauth-protected-resource";

/** Where the metadata can be read, by path. Both stand for the one resource there is, /mcp. */
export function metadataPaths({ resource }: OAuthResource): string[] {
  const own = resource === undefined ? "/mcp" : new URL(resource).pathname;
  return [...new Set([wellKnown, `${wellKnown}/mcp`, own === "/" ? wellKnown : `${wellKnown}${own}`])];
}

/** The metadata of the resource. Source: RFC 9728, section 3.2. */
export function metadataResponse(oauth: OAuthResource, request: Request): Response {
  return Response.json({
    resource: resourceUrl(oauth, request),
    authorization_servers: [oauth.issuer],
    ...(oauth.scopes.length > 0 && { scopes_supported: oauth.scopes }),
    bearer_methods_supported: ["header"],
    resource_name: "Sluice",
  });
}

function resourceUrl({ resource }: OAuthResource, { url }: Pick<Request, "url">): string {
  return resource ?? `${new URL(url).origin}/mcp`;
}

/**
 * `WWW-Authenticate` of a refusal: a challenge for each scheme there is, tokens first, as clients look for those there.
 * What no scheme has a name for stands in the body; alone, it is one of our own, as RFC 9110 wants one.
 * Sources: RFC 9110, section 11.6.1; RFC 6750, section 3; RFC 9728, section 5.1; MCP, "Authorization".
 */
export function challengeHeader(
  { oauth, accepts }: Challenge,
  request: Pick<Request, "url">,
  error?: "invalid_token" | "insufficient_scope",
): string {
  const challenges = [
    ...(oauth ? [bearerChallenge(oauth, request, error)] : []),
    ...(accepts.includes("api_key") ? [`ApiKey realm="sluice", header="${apiKeyHeader}"`] : []),
  ];
  return challenges.length > 0 ? challenges.join(", ") : 'Sluice realm="sluice"';
}

function bearerChallenge(
  oauth: OAuthResource,
  request: Pick<Request, "url">,
  error: string | undefined,
): string {
  return [
    `Bearer resource_metadata="${metadataUrl(oauth, request)}"`,
    ...(oauth.scopes.length > 0 ? [`scope="${oauth.scopes.join(" ")}"`] : []),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ].join(", ");
}

function metadataUrl(oauth: OAuthResource, request: Pick<Request, "url">): string {
  const { origin, pathname } = new URL(resourceUrl(oauth, request));
  return `${origin}${wellKnown}${pathname === "/" ? "" : pathname}`;
}

/** What a 401 says of how to come in: the same whoever asks, whatever was wrong. */
export interface Acceptance {
  /** Any one of these says who calls. */
  accepts: { mode: AcceptedMode; header?: string; resourceMetadata?: string }[];
  /** What must come with it. */
  requires: "mtls"[];
}

/** The same as the challenges say, for whoever reads bodies, and what these have no name for. */
export function acceptance(
  { oauth, accepts, requiresCertificate }: Challenge,
  request: Pick<Request, "url">,
): Acceptance {
  return {
    accepts: accepts.map((mode) => {
      if (mode === "api_key") return { mode, header: apiKeyHeader };
      if (mode === "iam") return { mode, header: "authorization" };
      if (mode !== "jwt" || !oauth) return { mode };
      return { mode, header: "authorization", resourceMetadata: metadataUrl(oauth, request) };
    }),
    requires: requiresCertificate ? ["mtls"] : [],
  };
}
