import {
  createMcpHandler,
  type Implementation,
  isLegacyRequest,
  type McpServerFactory,
  PROTOCOL_VERSION_META_KEY,
  type ServerNotifier,
} from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import { localPrincipal, type Principal } from "../core/principal.ts";
import { checkBody, readBody } from "./body.ts";
import { isRecord } from "./envelope.ts";
import type { McpExtension } from "./raw.ts";
import { buildServer, type Wanted } from "./server.ts";
import { createSurface } from "./surface.ts";

export interface McpFrontOptions {
  calls: CallPath;
  serverInfo: Implementation;
  /** List the names of older systems as tools of their own. They are callable either way. Default false. */
  listAliases?: boolean;
  extension?: McpExtension;
  /**
   * Who sent a request, from verified evidence, or the response that turns it away. Asked before the body is
   * read. Default: whoever reaches the server is the local principal.
   */
  authenticate?: (request: Request) => Promise<Principal | Response>;
  /** Bytes of a request body. Default 1 MiB. */
  maxBodyBytes?: number;
  /** Between two comments that keep an idle event stream open. Default 15 s. */
  keepAliveMs?: number;
  /** Faults outside any call, for the log. Never alters an answer. */
  onError?: (error: Error) => void;
}

/** What an adapter knows already of the request it hands over. */
export interface GivenRequest {
  /** The body as parsed from JSON, when the adapter has read it. */
  parsedBody?: unknown;
  /** Whoever `authenticate` gave, when the adapter has asked it. */
  principal?: Principal;
}

/** MCP without a transport: web-standard requests in, responses out, for both protocol eras. */
export interface McpFront {
  authenticate(request: Request): Promise<Principal | Response>;
  fetch(request: Request, given?: GivenRequest): Promise<Response>;
  /** A server per stdio connection, for `serveStdio`. */
  factory: McpServerFactory;
  /** Tells every connected client that a list changed. */
  notify: ServerNotifier;
  maxBodyBytes: number;
  /** Ends streams and aborts what still runs. */
  close(): Promise<void>;
}

export const defaultMaxBodyBytes = 1024 * 1024;

export function createMcpFront(options: McpFrontOptions): McpFront {
  const { calls, extension = {}, maxBodyBytes = defaultMaxBodyBytes } = options;
  const authenticate = options.authenticate ?? (async () => localPrincipal);
  const surface = createSurface({
    calls,
    serverInfo: options.serverInfo,
    listAliases: options.listAliases ?? false,
    extension,
  });
  // The SDK hands the factory the very request it was given: that is how the principal gets there.
  const principals = new WeakMap<Request, Principal>();
  const factory: McpServerFactory = ({ era, requestInfo }) => {
    const principal = requestInfo ? principals.get(requestInfo) : localPrincipal;
    if (!principal) throw new Error("A request reached the server without a principal.");
    const traceparent = requestInfo?.headers.get("traceparent") ?? undefined;
    const unit = { era, calls, surface, principal, traceparent };
    return buildServer(unit, era === "modern" && requestInfo ? wantedBy(requestInfo) : undefined);
  };
  const modern = createMcpHandler(factory, {
    legacy: "stateless",
    maxRequestBodySize: maxBodyBytes,
    ...(options.keepAliveMs !== undefined && { keepAliveMs: options.keepAliveMs }),
    ...(options.onError && { onerror: options.onError }),
  });
  return {
    authenticate,
    factory,
    maxBodyBytes,
    notify: modern.notify,
    close: modern.close,
    async fetch(request, given = {}) {
      const principal = given.principal ?? (await authenticate(request));
      if (principal instanceof Response) return principal;
      if (request.method !== "POST") return modern.fetch(request);
      const body =
        given.parsedBody === undefined ? await readBody(request, maxBodyBytes) : checkBody(given.parsedBody);
      if (body.refusal) return body.refusal;
      principals.set(request, principal);
      return modern.fetch(request, { parsedBody: body.value });
    },
  };
}

/** The SDK holds these headers against the body before it asks for a server, so they can be trusted here. */
function wantedBy({ headers }: Request): Wanted | undefined {
  const method = headers.get("mcp-method");
  if (method === null) return undefined;
  const name = headers.get("mcp-name");
  // Names outside ASCII come encoded; raw tools have none such, so they need no decoding.
  return { method, name: name === null || name.startsWith("=?base64?") ? undefined : name };
}
