import { AsyncLocalStorage } from "node:async_hooks";
import {
  createMcpHandler,
  InMemoryServerEventBus,
  type ServerEventBus,
  type ServerNotifier,
} from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import { isRecord } from "../core/record.ts";
import type { Connection } from "./connection.ts";
import { idOf } from "./envelope.ts";
import { type OpenStream, refusedStream } from "./open-stream.ts";
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
  openStream: OpenStream;
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

/** A request while the SDK serves it. */
interface Served {
  request: Request;
  /** Of a request for a stream that has not begun: gives its place back. */
  leave?: (() => void) | undefined;
}

/** One SDK handler for all requests. What it cannot answer for is told to `onError`. */
export function createModern(options: ModernOptions): Modern {
  const { calls, surface, tasks, maxBodyBytes, keepAliveMs, onError } = options;
  // The SDK hands the factory the very request it was given: that is how the principal gets there.
  const callers = new WeakMap<Request, Caller>();
  // What fails is told without its request.
  const current = new AsyncLocalStorage<Served>();
  const tell = (error: Error) =>
    onError(error, current.getStore()?.request.headers.get("traceparent") ?? undefined);
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
      bus: countedBus(new InMemoryServerEventBus(tell), () => current.getStore()),
      // They are counted with all other streams.
      maxSubscriptions: Number.POSITIVE_INFINITY,
      onerror: tell,
    },
  );
  return {
    notify: handler.notify,
    bus: handler.bus,
    close: handler.close,
    async fetch(request, caller, parsedBody) {
      callers.set(request, caller);
      const leave = isListen(parsedBody) ? openListen(options, request, caller, parsedBody) : undefined;
      if (leave instanceof Response) return leave;
      const served: Served = { request, leave };
      try {
        const response = await current.run(served, () => handler.fetch(request, { parsedBody }));
        const isToolList = request.headers.get("mcp-method") === "tools/list" && response.status === 200;
        return isToolList ? fillInTools(response, surface.toolList(caller.principal).json) : response;
      } finally {
        served.leave?.();
      }
    },
  };
}

function isListen(body: unknown): boolean {
  return isRecord(body) && body.method === "subscriptions/listen";
}

function openListen({ openStream }: ModernOptions, request: Request, { principal }: Caller, body: unknown) {
  const traceparent = request.headers.get("traceparent");
  const opened = openStream({ principal, id: idOf(body), traceparent });
  return typeof opened === "function" ? opened : refusedStream(opened);
}

/** The SDK's streams are on the bus from their beginning until they end, however they do: so long they have their place. */
function countedBus(bus: ServerEventBus, served: () => Served | undefined): ServerEventBus {
  return {
    publish: (event) => bus.publish(event),
    subscribe(listener) {
      const unsubscribe = bus.subscribe(listener);
      const request = served();
      const leave = request?.leave;
      if (request) request.leave = undefined;
      return () => {
        unsubscribe();
        leave?.();
      };
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
