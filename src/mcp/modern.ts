import { AsyncLocalStorage } from "node:async_hooks";
import { createMcpHandler, type ServerEventBus, type ServerNotifier } from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import type { Connection } from "./connection.ts";
import { buildRequestServer, type Wanted } from "./server.ts";
import type { Surface } from "./surface.ts";
import type { TaskRunner } from "./tasks/runner.ts";
import type { ServingUnit } from "./unit.ts";

/** What every modern request shares. */
export interface ModernOptions {
  calls: CallPath;
  surface: Surface;
  tasks: TaskRunner;
  maxBodyBytes: number;
  keepAliveMs: number;
  onError: (error: Error, traceparent?: string) => void;
}

/** Who sent a request, and what is to be told of it beside its answer. */
type Caller = Pick<Connection, "principal" | "tellLimits">;

/** Serves revision 2026-07-28: each request is whole in itself and gets a server of its own. */
export interface Modern {
  fetch(request: Request, caller: Caller, parsedBody: unknown): Promise<Response>;
  notify: ServerNotifier;
  bus: ServerEventBus;
  close(): Promise<void>;
}

/** One SDK handler for all requests. What it cannot answer for is told to `onError`. */
export function createModern(options: ModernOptions): Modern {
  const { calls, surface, tasks, maxBodyBytes, keepAliveMs, onError } = options;
  // The SDK hands the factory the very request it was given: that is how the principal gets there.
  const callers = new WeakMap<Request, Caller>();
  // What fails is told without its request.
  const current = new AsyncLocalStorage<Request>();
  const handler = createMcpHandler(
    ({ requestInfo }) => {
      const caller = requestInfo && callers.get(requestInfo);
      if (!caller) throw new Error("A request reached the server without a principal.");
      const traceparent = requestInfo.headers.get("traceparent") ?? undefined;
      const unit: ServingUnit = {
        era: "modern",
        calls,
        surface,
        tasks,
        ...caller,
        traceparent,
        toolsFilledIn: true,
      };
      return buildRequestServer(unit, wantedBy(requestInfo));
    },
    {
      legacy: "reject",
      maxRequestBodySize: maxBodyBytes,
      keepAliveMs,
      onerror: (error) => onError(error, current.getStore()?.headers.get("traceparent") ?? undefined),
    },
  );
  return {
    notify: handler.notify,
    bus: handler.bus,
    close: handler.close,
    async fetch(request, caller, parsedBody) {
      callers.set(request, caller);
      const response = await current.run(request, () => handler.fetch(request, { parsedBody }));
      const isToolList = request.headers.get("mcp-method") === "tools/list" && response.status === 200;
      return isToolList ? fillInTools(response, surface.toolList(caller.principal).json) : response;
    },
  };
}

/**
 * Puts the tools, written once per process, into the answer the SDK made around an empty list. In JSON text a
 * quote inside a string is escaped, so the first `"tools":[]` is the member itself.
 */
async function fillInTools(response: Response, toolsJson: string): Promise<Response> {
  const text = await response.text();
  return new Response(
    text.replace('"tools":[]', () => `"tools":${toolsJson}`),
    response,
  );
}

/** The SDK holds these headers against the body before it asks for a server, so they can be trusted here. */
function wantedBy({ headers }: Request): Wanted | undefined {
  const method = headers.get("mcp-method");
  if (method === null) return undefined;
  const name = headers.get("mcp-name");
  // Names outside ASCII come encoded; raw tools have none such, so they need no decoding.
  return { method, name: name === null || name.startsWith("=?base64?") ? undefined : name };
}
