import { createMcpHandler, type ServerEventBus, type ServerNotifier } from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import type { Principal } from "../core/principal.ts";
import { buildServer, type Wanted } from "./server.ts";
import type { Surface } from "./surface.ts";

export interface ModernOptions {
  calls: CallPath;
  surface: Surface;
  maxBodyBytes: number;
  keepAliveMs: number;
  onError: ((error: Error) => void) | undefined;
}

/** Serves revision 2026-07-28: each request is whole in itself and gets a server of its own. */
export interface Modern {
  fetch(request: Request, principal: Principal, parsedBody: unknown): Promise<Response>;
  notify: ServerNotifier;
  bus: ServerEventBus;
  close(): Promise<void>;
}

export function createModern({ calls, surface, maxBodyBytes, keepAliveMs, onError }: ModernOptions): Modern {
  // The SDK hands the factory the very request it was given: that is how the principal gets there.
  const principals = new WeakMap<Request, Principal>();
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const principal = requestInfo && principals.get(requestInfo);
      if (!principal) throw new Error("A request reached the server without a principal.");
      const traceparent = requestInfo.headers.get("traceparent") ?? undefined;
      return buildServer({ era: "modern", calls, surface, principal, traceparent }, wantedBy(requestInfo));
    },
    {
      legacy: "reject",
      maxRequestBodySize: maxBodyBytes,
      keepAliveMs,
      ...(onError && { onerror: onError }),
    },
  );
  return {
    notify: handler.notify,
    bus: handler.bus,
    close: handler.close,
    fetch(request, principal, parsedBody) {
      principals.set(request, principal);
      return handler.fetch(request, { parsedBody });
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
