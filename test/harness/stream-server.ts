import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import type { RefusedRequest } from "../../src/core/refused-request.ts";
import { unguarded } from "../../src/core/steps.ts";
import { createLimiter } from "../../src/limits/create-limiter.ts";
import type { LimitSettings } from "../../src/limits/settings.ts";
import { createMcpFront, type McpFrontOptions } from "../../src/mcp/front.ts";
import { MemoryStore } from "../../src/state/memory-store.ts";
import { testCalls } from "./calls.ts";
import { usualLimits } from "./limited.ts";
import { namedByHeader } from "./named-by-header.ts";

/** A call path with limits. Keeps what it tells logs (`logged`) and the audit (`audited`) of refusals. */
export function countingCalls(settings: Partial<LimitSettings>) {
  const logged: RefusedRequest[] = [];
  const audited: RefusedRequest[] = [];
  const observer = {
    ...unguarded.observer,
    refused: (refused: RefusedRequest) => void logged.push(refused),
  };
  const auditor = {
    ...unguarded.auditor,
    refused: async (refused: RefusedRequest) => void audited.push(refused),
  };
  const store = new MemoryStore({ now: Date.now });
  const limiter = createLimiter({ ...usualLimits, ...settings }, { store, now: Date.now });
  const calls = { ...testCalls(), steps: { ...unguarded, limiter, observer, auditor } };
  return { calls, logged, audited, open: () => limiter.use().streams };
}

/** The test tools over HTTP, to callers who are what `authorization` says. */
export async function serveStreams(
  settings: Partial<LimitSettings> = {},
  options: Partial<McpFrontOptions> = {},
) {
  const { calls, ...told } = countingCalls(settings);
  const serverInfo = { name: "sluice-test", version: "0" };
  const front = createMcpFront({ calls, serverInfo, authenticate: namedByHeader, ...options });
  const adapter = createHttpAdapter({ front, calls });
  const { port } = await adapter.listen();
  return { ...told, adapter, port, front };
}

export type StreamServer = Awaited<ReturnType<typeof serveStreams>>;

export interface Asked {
  status: number | undefined;
  response: IncomingMessage;
  /** What came so far. */
  text(): string;
  /** All that comes until the stream ends. */
  rest(): Promise<string>;
  /** The client leaves. */
  leave(): void;
}

/** Over a connection of its own. Resolves with the head of the answer. */
export async function askApart(
  { port }: Pick<StreamServer, "port">,
  method: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Asked> {
  const accept = "application/json, text/event-stream";
  const sent = request({
    ...{ port, host: "127.0.0.1", method, path: "/mcp", agent: false },
    headers: { "content-type": "application/json", accept, ...headers },
  });
  sent.on("error", () => {});
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response]: IncomingMessage[] = await once(sent, "response");
  if (!response) throw new Error("There is no answer.");
  response.on("error", () => {});
  let text = "";
  response.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  const ended = new Promise<void>((resolve) => response.once("close", resolve));
  return {
    status: response.statusCode,
    response,
    text: () => text,
    rest: () => ended.then(() => text),
    leave: () => sent.destroy(),
  };
}
