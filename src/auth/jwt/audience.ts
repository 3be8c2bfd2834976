import type { JWTPayload } from "jose";

/** For whom a token must be, and whose. */
export interface Audience {
  /** One of these must be among a token's audiences. */
  audiences: readonly string[];
  /** Empty: any client. Else the token's client must be one of these, and a token may be without audience. */
  clientIds: readonly string[];
}

/**
 * Whether a token is meant for this server. One with an audience must name it, whatever its client: tokens for
 * another server must be of no use here. Sources: RFC 9068, section 4; MCP, "Token Audience Binding".
 */
export function isMeantForUs(
  { aud, client_id, azp }: JWTPayload,
  { audiences, clientIds }: Audience,
): boolean {
  const client = client_id ?? azp;
  const isClientRight = clientIds.some((id) => id === client);
  if (clientIds.length > 0 && !isClientRight) return false;
  const named = [aud ?? []].flat();
  return named.length === 0 ? isClientRight : named.some((one) => audiences.includes(one));
}
