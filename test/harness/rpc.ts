import type { HttpAdapter } from "../../src/adapters/http/adapter.ts";

/** What came back over HTTP, read to its end. */
export interface RpcAnswer {
  status: number;
  headers: Headers;
  /** The JSON body, or the data of each event of a stream. */
  messages: RpcMessage[];
  /** Ids of a stream's events, in their order. */
  eventIds: string[];
}

export interface RpcMessage {
  id?: unknown;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

const accept = "application/json, text/event-stream";

/** Asks `/mcp` of an adapter, without a socket. A body that is text goes as it is, any other as JSON. */
export function askMcp(
  adapter: Pick<HttpAdapter, "fetch">,
  method: string,
  headers: Record<string, string>,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return adapter.fetch(
    new Request("http://localhost/mcp", {
      method,
      headers: { "content-type": "application/json", accept, ...headers },
      ...(text !== undefined && { body: text }),
      ...(signal && { signal }),
    }),
  );
}

/** Posts to `/mcp` and reads what comes back. */
export async function postMcp(
  adapter: Pick<HttpAdapter, "fetch">,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<RpcAnswer> {
  return readAnswer(await askMcp(adapter, "POST", headers, body, signal));
}

export async function readAnswer(response: Response): Promise<RpcAnswer> {
  const text = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => data);
  const parts = isStream ? events : text === "" ? [] : [text];
  return {
    status: response.status,
    headers: response.headers,
    messages: parts.flatMap((part) => JSON.parse(part)),
    eventIds: isStream ? [...text.matchAll(/^id: (.*)$/gm)].map(([, id = ""]) => id) : [],
  };
}

/** A request of 2026-07-28 with the headers that must agree with it. */
export function modernRequest(
  method: string,
  params: Record<string, unknown> = {},
  id: unknown = 1,
): { body: Record<string, unknown>; headers: Record<string, string> } {
  const { name, uri, taskId } = params;
  const named = [name, uri, taskId].find((one) => typeof one === "string");
  return {
    body: { jsonrpc: "2.0", id, method, params: { ...params, _meta: { ...modernMeta, ...metaOf(params) } } },
    headers: {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof named === "string" && { "mcp-name": named }),
    },
  };
}

const modernMeta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": {},
};

function metaOf({ _meta }: Record<string, unknown>): Record<string, unknown> {
  return typeof _meta === "object" && _meta !== null ? { ..._meta } : {};
}

/** Opens a legacy session and gives the headers its requests carry. */
export async function openSession(
  adapter: Pick<HttpAdapter, "fetch">,
  protocolVersion = "2025-11-25",
  headers: Record<string, string> = {},
): Promise<Record<string, string>> {
  const { headers: answered } = await postMcp(
    adapter,
    {
      jsonrpc: "2.0",
      id: "open",
      method: "initialize",
      params: { protocolVersion, capabilities: {}, clientInfo: { name: "tests", version: "1" } },
    },
    headers,
  );
  return {
    ...headers,
    "mcp-session-id": answered.get("mcp-session-id") ?? "",
    "mcp-protocol-version": protocolVersion,
  };
}
