import { McpServer, Server, type ServerOptions } from "@modelcontextprotocol/server";
import { serveCompletion } from "./completion.ts";
import { serveLogLevel } from "./logging.ts";
import { servePromptGet, servePromptList } from "./prompts.ts";
import { serveResourceList, serveResourceRead, serveResourceTemplates } from "./resources.ts";
import { serveTaskCancel, serveTaskGet, serveTaskUpdate } from "./tasks/serve-tasks.ts";
import { serveToolCall, serveToolList } from "./tools.ts";
import type { ServingUnit } from "./unit.ts";

const handlers: ReadonlyMap<string, (server: Server, unit: ServingUnit) => void> = new Map([
  ["tools/list", serveToolList],
  ["tools/call", serveToolCall],
  ["resources/list", serveResourceList],
  ["resources/templates/list", serveResourceTemplates],
  ["resources/read", serveResourceRead],
  ["prompts/list", servePromptList],
  ["prompts/get", servePromptGet],
  ["completion/complete", serveCompletion],
  ["logging/setLevel", serveLogLevel],
  ["tasks/get", serveTaskGet],
  ["tasks/cancel", serveTaskCancel],
  ["tasks/update", serveTaskUpdate],
]);

/** The one request a server is built for, where that is known beforehand. */
export interface Wanted {
  method: string;
  /** Tool, prompt or resource, as the `Mcp-Name` header has it. */
  name?: string | undefined;
}

/**
 * Builds the SDK server of one unit, with every handler, or with the one handler `wanted` needs. The low-level
 * `Server` is used: `McpServer` converts schemas on each request and turns protocol errors into tool results.
 */
export function buildServer(unit: ServingUnit, wanted?: Wanted): Server {
  const server = new Server(unit.surface.serverInfo, serverOptions(unit));
  attachHandlers(server, unit, wanted);
  return server;
}

function attachHandlers(server: Server, unit: ServingUnit, wanted?: Wanted): void {
  if (wanted) handlers.get(wanted.method)?.(server, unit);
  else for (const attach of handlers.values()) attach(server, unit);
  unit.surface.extension.attach?.(server, unit);
}

/**
 * The server of one HTTP request, as the SDK's handler takes it. It checks `x-mcp-header` arguments only for
 * tools registered with its `McpServer`, so a call of a raw tool gets one.
 */
export function buildRequestServer(unit: ServingUnit, wanted?: Wanted): Server | McpServer {
  const raw = wanted?.name === undefined ? undefined : unit.surface.rawTools.get(wanted.name);
  if (!raw || wanted?.method !== "tools/call") return buildServer(unit, wanted);
  const { definition, input } = raw;
  const mcp = new McpServer(unit.surface.serverInfo, serverOptions(unit));
  mcp.registerTool(definition.name, { inputSchema: input }, () => ({ content: [] }));
  attachHandlers(mcp.server, unit, { method: "tools/call" });
  return mcp;
}

const minuteMs = 60_000;

function serverOptions({ surface, era }: ServingUnit): ServerOptions {
  const { extension } = surface;
  return {
    capabilities: era === "modern" ? surface.modernCapabilities : surface.capabilities,
    instructions: surface.instructions,
    // What is visible depends on who asks, so nothing but the server itself may be cached by a shared cache.
    cacheHints: {
      "server/discover": { ttlMs: 5 * minuteMs, cacheScope: "public" },
      "tools/list": { ttlMs: 5 * minuteMs, cacheScope: "private" },
      "prompts/list": { ttlMs: 5 * minuteMs, cacheScope: "private" },
      "resources/templates/list": { ttlMs: 5 * minuteMs, cacheScope: "private" },
      "resources/list": { ttlMs: minuteMs, cacheScope: "private" },
    },
    ...(extension.requestState && { requestState: extension.requestState }),
  };
}
