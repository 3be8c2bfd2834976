import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyTooLarge, parseBody, unsupportedMediaType } from "../../mcp/body.ts";
import type { McpFront } from "../../mcp/front.ts";
import { transportFaultResponse } from "../../mcp/rpc-response.ts";
import { drainingResponse } from "./app.ts";
import { corsHeaders } from "./cors.ts";
import type { Guard } from "./guard.ts";
import { readNodeBody } from "./node-body.ts";
import { writeNodeResponse } from "./node-response.ts";

export interface LeanOptions {
  front: McpFront;
  guard: Guard;
  draining(): boolean;
}

/**
 * `/mcp` straight off the Node request: the body is read and parsed once, bounded, and no web stream is made
 * of it. Answers exactly what the `/mcp` route of the app answers.
 */
export function createLeanMcp({ front, guard, draining }: LeanOptions) {
  async function answer(incoming: IncomingMessage, gone: AbortSignal): Promise<Response> {
    const { headers, method = "GET" } = incoming;
    const refused = guard({ host: headers.host, origin: headers.origin });
    if (refused !== undefined) return transportFaultResponse(403, refused);
    if (draining()) return drainingResponse();
    const request = new Request(`http://${headers.host}${incoming.url}`, {
      method,
      headers: webHeaders(incoming),
      signal: gone,
    });
    const principal = await front.authenticate(request);
    if (principal instanceof Response) return principal;
    if (method !== "POST") return front.fetch(request, { principal });
    const wrongType = unsupportedMediaType(headers["content-type"]);
    if (wrongType) return wrongType;
    const bytes = await readNodeBody(incoming, front.maxBodyBytes);
    if (!bytes) return bodyTooLarge(front.maxBodyBytes);
    const body = parseBody(bytes);
    return body.refusal ?? front.fetch(request, { principal, parsedBody: body.value });
  }

  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    try {
      const response = await answer(incoming, gone.signal);
      const cors = response.status === 403 ? {} : corsHeaders(incoming.headers.origin);
      await writeNodeResponse(response, outgoing, cors);
      if (!incoming.complete) incoming.destroy();
    } catch {
      if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
      else await writeNodeResponse(transportFaultResponse(500, "Internal server error."), outgoing);
    }
  };
}

function webHeaders({ headers }: IncomingMessage): Record<string, string> {
  const web: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) web[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return web;
}
