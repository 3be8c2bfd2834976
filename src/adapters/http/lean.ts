import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { bodyTooLarge, parseBody, unsupportedMediaType } from "../../mcp/body.ts";
import type { McpFront } from "../../mcp/front.ts";
import { transportFaultResponse } from "../../mcp/rpc-response.ts";
import { answerMcp } from "./answer-mcp.ts";
import { drainingResponse, failedInsideMcp, isStopping } from "./app.ts";
import type { ClientCertificates } from "./client-certificate.ts";
import { corsHeaders } from "./cors.ts";
import type { Guard } from "./guard.ts";
import { type NodeBody, readNodeBody } from "./node-body.ts";
import { type TellTurnedAway, toldOf, traceparentOf } from "./turned-away.ts";

/** What `/mcp` is made of. */
export interface LeanOptions {
  front: McpFront;
  guard: Guard;
  certificates: ClientCertificates;
  draining(): boolean;
  onTurnedAway: TellTurnedAway;
  /** Takes what nothing else caught, and the request's `traceparent`; the answer says only that the log has it. */
  onError(error: unknown, traceparent: string | undefined): void;
}

type Incoming = NodeBody & Pick<IncomingMessage, "socket" | "rawHeaders">;

/**
 * `/mcp` straight off the Node request: the body is read and parsed once, bounded, and no web stream is made
 * of it or of an answer that is whole. Answers exactly what the `/mcp` route of the app answers.
 */
export function createLeanMcp(options: LeanOptions) {
  const { front, guard, certificates, draining, onError, onTurnedAway } = options;
  async function answer(request: Request, incoming: Incoming): Promise<Response> {
    if (draining()) {
      const { method } = request;
      onTurnedAway({ ...toldOf({ method, url: "/mcp", headers: incoming.headers }), ...isStopping });
      return drainingResponse();
    }
    certificates.cameOn(request, incoming);
    const principal = await front.authenticate(request);
    if (principal instanceof Response) return principal;
    if (request.method !== "POST") return answerMcp(front, request, { principal });
    const wrongType = unsupportedMediaType(incoming.headers["content-type"]);
    if (wrongType) return front.refuse(request, principal, wrongType);
    const bytes = await readNodeBody(incoming, front.maxBodyBytes);
    if (!bytes) return front.refuse(request, principal, bodyTooLarge(front.maxBodyBytes));
    const body = parseBody(bytes);
    if (body.refusal) return front.refuse(request, principal, body.refusal);
    return answerMcp(front, request, { principal, parsedBody: body.value });
  }

  /** What a client breaks by leaving is no fault of the server. */
  function failed(thrown: unknown, incoming: Incoming): Response {
    if (!incoming.socket.destroyed) onError(thrown, traceparentOf(incoming));
    return failedInsideMcp();
  }

  const listener = getRequestListener(
    async (request, { incoming, outgoing }) => {
      const response = await answer(request, incoming).catch((thrown) => failed(thrown, incoming));
      addHeaders(response, corsHeaders(incoming.headers.origin));
      if (!incoming.complete) {
        // What is left of a body that nobody wants would be taken for the next request.
        addHeaders(response, { connection: "close" });
        outgoing.once("finish", () => incoming.destroy());
      }
      return response;
    },
    { autoCleanupIncoming: false },
  );

  // Before the listener, which makes a URL of the host.
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { host, origin } = incoming.headers;
    const refused = guard({ host, origin });
    if (refused === undefined) return listener(incoming, outgoing);
    onTurnedAway({ ...toldOf(incoming), code: "denied", reason: refused });
    await answerRefused(refused, incoming, outgoing);
  };
}

async function answerRefused(reason: string, incoming: IncomingMessage, outgoing: ServerResponse) {
  const response = transportFaultResponse(403, reason);
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    ...(incoming.complete ? {} : { connection: "close" }),
  });
  outgoing.end(await response.text());
  if (!incoming.complete) outgoing.once("finish", () => incoming.destroy());
}

function addHeaders({ headers }: Response, more: Record<string, string>): void {
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
}
