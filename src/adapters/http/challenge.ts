import { apiKeyHeader } from "../../auth/api-keys.ts";

/** How refused callers are told what to bring. */
export interface Challenge {
  /** Of access tokens; undefined where none are taken. */
  oauth: OAuthResource | undefined;
  /** Whether keys are taken. */
  takesKeys: boolean;
}

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
 * `WWW-Authenticate` of a refusal. Sources: RFC 6750, section 3; RFC 9728, section 5.1; MCP, "Authorization".
 * Where no tokens are taken the scheme is one of our own, as RFC 9110 wants one; for keys it names their header.
 */
export function challengeHeader(
  { oauth, takesKeys }: Challenge,
  request: Pick<Request, "url">,
  error?: "invalid_token" | "insufficient_scope",
): string {
  if (!oauth) return takesKeys ? `ApiKey realm="sluice", header="${apiKeyHeader}"` : 'Sluice realm="sluice"';
  const { origin, pathname } = new URL(resourceUrl(oauth, request));
  const at = `${origin}${wellKnown}${pathname === "/" ? "" : pathname}`;
  return [
    `Bearer resource_metadata="${at}"`,
    ...(oauth.scopes.length > 0 ? [`scope="${oauth.scopes.join(" ")}"`] : []),
    ...(error === undefined ? [] : [`error="${error}"`]),
  ].join(", ");
}
