import { ToolError } from "../../core/errors.ts";
import { transportFaultResponse } from "../rpc-response.ts";
import { checkSession } from "./check.ts";
import { createLiveSessions } from "./live.ts";
import { openSession } from "./open.ts";
import { answerPost } from "./post.ts";
import type { LegacyRequest, SessionOptions, SessionServing } from "./serving.ts";
import { openEventStream } from "./streams.ts";

export interface LegacySessions {
  fetch(request: LegacyRequest): Promise<Response>;
  close(): Promise<void>;
}

/**
 * Serves the revisions that have sessions (2025-03-26, 2025-06-18, 2025-11-25). What a session is lies in the
 * store; each POST gets a server of its own with the session's `initialize` replayed into it, so that any
 * replica can serve any request.
 */
export function createLegacySessions(options: SessionOptions): LegacySessions {
  const { stores, ...shared } = options;
  const live = createLiveSessions();
  return {
    close: () => live.endAll(),
    async fetch(given) {
      const store = stores.within(given.principal.tenantId);
      try {
        return await answer({ ...shared, store, live }, given);
      } catch (thrown) {
        if (thrown instanceof ToolError && thrown.code === "unavailable") return withoutStore(thrown);
        throw thrown;
      }
    },
  };
}

async function answer(serving: SessionServing, given: LegacyRequest): Promise<Response> {
  const { method } = given.request;
  if (method === "DELETE") return endSession(serving, given);
  if (method === "GET") return openEventStream(serving, given);
  return isInitialize(given.body) ? openSession(serving, given) : answerPost(serving, given);
}

function withoutStore({ message, details: { retryAfterMs } }: ToolError): Response {
  const seconds = typeof retryAfterMs === "number" ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : 1;
  return transportFaultResponse(503, message, { "retry-after": String(seconds) });
}

/** In a batch too: there it is refused, but as what it is. */
function isInitialize(body: unknown): boolean {
  const messages: unknown[] = Array.isArray(body) ? body : [body];
  return messages.some(
    (message) =>
      typeof message === "object" &&
      message !== null &&
      "method" in message &&
      message.method === "initialize",
  );
}

async function endSession(serving: SessionServing, given: LegacyRequest): Promise<Response> {
  const session = await checkSession(serving, given);
  if (session instanceof Response) return session;
  await serving.store.delete(session.id);
  await serving.live.end(session.id);
  return new Response(null, { status: 200 });
}
