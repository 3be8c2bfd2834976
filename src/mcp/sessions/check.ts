import { rpcErrorResponse, transportFaultResponse } from "../rpc-response.ts";
import { ownerOf } from "./owner.ts";
import { legacyRevisions } from "./revisions.ts";
import type { LegacyRequest, SessionServing } from "./serving.ts";
import type { SessionRecord } from "./store.ts";

export interface CheckedSession {
  id: string;
  record: SessionRecord;
}

/** The code the SDKs use for a session that is not there. */
const sessionNotFound = -32001;

/**
 * The session a request names, if it is there and the principal's own; else the response that says so. Another
 * principal's session looks like none. Source: MCP 2025-11-25, "Session Management".
 */
export async function checkSession(
  { store }: SessionServing,
  { request, principal }: LegacyRequest,
): Promise<CheckedSession | Response> {
  const version = request.headers.get("mcp-protocol-version");
  if (version !== null && !legacyRevisions.includes(version)) {
    const supported = legacyRevisions.join(", ");
    return transportFaultResponse(
      400,
      `Bad Request: Unsupported protocol version: ${version.slice(0, 32)} (supported: ${supported})`,
    );
  }
  const id = request.headers.get("mcp-session-id");
  if (id === null) {
    return transportFaultResponse(
      400,
      "Bad Request: Mcp-Session-Id header is required. Send initialize first.",
    );
  }
  const record = await store.get(id);
  if (record?.owner === ownerOf(principal)) return { id, record };
  return rpcErrorResponse(404, {
    code: sessionNotFound,
    message: "Session not found. Send initialize to begin a new one.",
    id: null,
  });
}
