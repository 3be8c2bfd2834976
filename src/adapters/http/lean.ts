import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyTooLarge, parseBody, unsupportedMediaType } from "../../mcp/body.ts";
import type { McpFront } from "../../mcp/front.ts";
import { transportFaultResponse } from "../../mcp/rpc-response.ts";
import { drainingResponse, failedInsideMcp } from "./app.ts";
import { corsHeaders } from "./cors.ts";
import type { Guard } from "./guard.ts";
import { readNodeBody } from "./node-body.ts";
import { writeNodeResponse } from "./node-response.ts";

/** What `/mcp` is made of. */
export interface LeanOptions {
  front: McpFront;
  guard: Guard;
  draining(): boolean;
  /** Takes what nothing else caught; the answer says only that the log has it. */
  onError(error: unknown): void;
}

/**
 * `/mcp` straight off the Node request: the body is read and parsed once, bounded, and no web stream is made
 * of it. Answers exactly what the `/mcp` route of the app answers.
 */
export function createLeanMcp({ front, guard, draining, onError }: LeanOptions) {
  async function answer(incoming: IncomingMessage, gone: AbortSignal): Promise<Response> {
    const { headers, method = "GET" } = incoming;
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

  /** What a client breaks by leaving is no fault of the server. */
  function tell(thrown: unknown, { socket }: IncomingMessage): void {
    if (!socket.destroyed) onError(thrown);
  }

  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const gone = new AbortController();
    outgoing.once("close", () => {
      if (!outgoing.writableFinished) gone.abort();
    });
    try {
      const { host, origin } = incoming.headers;
      const refused = guard({ host, origin });
      const response = await (refused === undefined
        ? answer(incoming, gone.signal).catch((thrown) => {
            tell(thrown, incoming);
            return failedInsideMcp();
          })
        : transportFaultResponse(403, refused));
      // What is left of a body that nobody wants would be taken for the next request.
      const left = incoming.complete ? {} : { connection: "close" };
      await writeNodeResponse(response, outgoing, {
        ...left,
        ...(refused === undefined ? corsHeaders(origin) : {}),
      });
      if (!incoming.complete) incoming.destroy();
    } catch (thrown) {
      tell(thrown, incoming);
      outgoing.destroy();
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
