import { fileURLToPath } from "node:url";
import { StreamableHTTPClientTransport as ModernHttp } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as LegacyHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport as LegacyTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { createHttpAdapter, type HttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createApp } from "../../src/adapters/http/app.ts";
import { ClientCertificates } from "../../src/adapters/http/client-certificate.ts";
import { InvocationDeadlines } from "../../src/adapters/lambda/deadline.ts";
import { GatewayCallers } from "../../src/adapters/lambda/gateway-callers.ts";
import { createLambdaHandler } from "../../src/adapters/lambda/handler.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "./calls.ts";
import { connectLegacy, connectModern, type TestClient } from "./clients.ts";
import { httpApiEvent, timeLeft, toResponse } from "./lambda-function.ts";

export type Era = "modern" | "legacy";

/** One adapter, serving the test tools, that clients of either era can connect to. */
export interface Connections {
  connect(era: Era): Promise<TestClient>;
  close(): Promise<void>;
}

function testAdapter(): HttpAdapter {
  const calls = testCalls();
  const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0.0.0" } });
  return createHttpAdapter({ front, calls });
}

/** HTTP over a real socket. */
export async function overSocket(): Promise<Connections> {
  const adapter = testAdapter();
  const { url } = await adapter.listen();
  return { connect: (era) => connectHttp(era, new URL(`${url}/mcp`)), close: () => adapter.close() };
}

/** HTTP without a socket: the adapter's own `fetch`. */
export async function inProcess(): Promise<Connections> {
  const adapter = testAdapter();
  const fetch = (url: string | URL, init?: RequestInit) => adapter.fetch(new Request(url, init));
  const url = new URL("http://localhost/mcp");
  return { connect: (era) => connectHttp(era, url, fetch), close: () => adapter.close() };
}

/** A Lambda function, invoked with the events of an HTTP API. */
export async function throughLambda(): Promise<Connections> {
  const deadlines = new InvocationDeadlines();
  const calls = deadlines.bound(testCalls());
  const serverInfo = { name: "sluice-test", version: "0.0.0" };
  const front = createMcpFront({ calls, serverInfo, requestsOnly: true });
  const app = createApp({
    ...{ front, calls, guard: () => undefined, certificates: new ClientCertificates() },
    ...{ summarizeBucket: undefined, oauth: undefined, metrics: undefined, dependencyReaders: [] },
    ...{ ready: async () => [], draining: () => false, onError: () => {}, onTurnedAway: () => {} },
  });
  const handler = createLambdaHandler({
    ...{ deadlines, callers: new GatewayCallers(), now: Date.now, flush: async () => {} },
    onTurnedAway: () => {},
    fetch: (request) => app.fetch(request),
  });
  const fetch = async (_: string | URL, { method = "GET", headers, body, signal }: RequestInit = {}) => {
    const text = typeof body === "string" ? { body } : {};
    const event = httpApiEvent({ method, headers: Object.fromEntries(new Headers(headers)), ...text });
    const answered = handler(event, timeLeft());
    return toResponse(await (signal ? Promise.race([answered, rejectWith(signal)]) : answered));
  };
  const url = new URL("http://localhost/mcp");
  return { connect: (era) => connectHttp(era, url, fetch), close: () => front.close() };
}

/** As a client's connection breaks when it leaves. */
function rejectWith(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function connectHttp(
  era: Era,
  url: URL,
  fetch: (url: string | URL, init?: RequestInit) => Promise<Response> = globalThis.fetch,
): Promise<TestClient> {
  return era === "modern"
    ? connectModern(new ModernHttp(url, { fetch }))
    : connectLegacy(new LegacyHttp(url, { fetch }) as LegacyTransport);
}

const serverScript = fileURLToPath(new URL("./stdio-server.ts", import.meta.url));

/** A process per client, over stdin and stdout. */
export async function overStdio(): Promise<Connections> {
  const server = { command: process.execPath, args: ["--import", "tsx", serverScript] };
  return {
    connect: (era) =>
      era === "modern"
        ? connectModern(new ModernStdio(server))
        : connectLegacy(new LegacyStdio(server) as LegacyTransport),
    close: async () => {},
  };
}
