import { Agent, type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHttpAdapter } from "../../src/adapters/http/adapter.ts";
import { createMcpFront } from "../../src/mcp/front.ts";
import { testCalls } from "../harness/calls.ts";

const calls = testCalls();
const front = createMcpFront({ calls, serverInfo: { name: "sluice-test", version: "0.0.0" } });
const adapter = createHttpAdapter({ front, calls });
const agent = new Agent({ keepAlive: true, maxSockets: 200 });
let port = 0;

beforeAll(async () => {
  port = (await adapter.listen()).port;
});
afterAll(async () => {
  agent.destroy();
  await adapter.close();
});

const accept = "application/json, text/event-stream";

interface Posted {
  status: number | undefined;
  sessionId: string | undefined;
  message: { id?: unknown; result?: { structuredContent?: { text?: string } } };
}

function post(body: unknown, headers: Record<string, string> = {}): Promise<Posted> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path: "/mcp",
        method: "POST",
        agent,
        headers: { "content-type": "application/json", accept, ...headers },
      },
      (response) => void readPosted(response).then(resolve, reject),
    );
    sent.on("error", reject);
    sent.end(JSON.stringify(body));
  });
}

async function readPosted(response: IncomingMessage): Promise<Posted> {
  let text = "";
  for await (const chunk of response) text += chunk;
  const isStream = response.headers["content-type"]?.startsWith("text/event-stream");
  const last = isStream ? [...text.matchAll(/^data: (\{.*)$/gm)].at(-1)?.[1] : text;
  const sessionId = response.headers["mcp-session-id"];
  return {
    status: response.statusCode,
    sessionId: typeof sessionId === "string" ? sessionId : undefined,
    message: last ? JSON.parse(last) : {},
  };
}

const call = (client: number, round: number, meta?: Record<string, unknown>) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: {
    name: "echo_slowly",
    arguments: {
      steps: 1 + (client % 3),
      stepMs: (client * 13) % 30,
      text: `client ${client}, round ${round}`,
    },
    _meta: meta,
  },
});

/** A client of 2026-07-28: every request stands alone. */
async function modernClient(client: number, round: number): Promise<Posted> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "twin", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
    // Progress makes some answers streams.
    ...(client % 2 === 0 && { progressToken: 1 }),
  };
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "echo_slowly",
  };
  return post(call(client, round, meta), headers);
}

/** A client of an older revision: it keeps its session for all rounds. */
async function openLegacy(protocolVersion: string) {
  const opened = await post({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion, capabilities: {}, clientInfo: { name: "twin", version: "1" } },
  });
  const headers = { "mcp-session-id": opened.sessionId ?? "", "mcp-protocol-version": protocolVersion };
  return (client: number, round: number) =>
    post(call(client, round, client % 2 === 0 ? { progressToken: 1 } : {}), headers);
}

test("200 clients with identical request ids each get their own answers", { timeout: 60_000 }, async () => {
  const revisions = ["2025-11-25", "2025-06-18", "2025-03-26"];
  const clients = await Promise.all(
    Array.from({ length: 200 }, (_, client) =>
      client % 2 === 0 ? modernClient : openLegacy(revisions[client % 3] ?? "2025-11-25"),
    ),
  );
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(clients.map((ask, client) => ask(client, round)));
    const texts = answers.map(({ message }) => message.result?.structuredContent?.text);
    expect(texts).toEqual(clients.map((_, client) => `client ${client}, round ${round}`));
    expect(answers.every(({ message, status }) => message.id === 1 && status === 200)).toBe(true);
  }
});
