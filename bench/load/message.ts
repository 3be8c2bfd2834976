/** What the servers are asked. */
export type Operation = "list" | "call" | "sources";
/** The modern revision, or the newest that fastmcp speaks. */
export type Era = "2026-07-28" | "2025-11-25";

export interface Message {
  headers: Record<string, string>;
  body: string;
}

/** One JSON-RPC request as an HTTP message of its era. */
export function messageOf(operation: Operation, era: Era, id: number): Message {
  const method = operation === "list" ? "tools/list" : "tools/call";
  const { name, params } = asked(operation, id);
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": era,
    "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1.0.0" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const modern = era === "2026-07-28";
  const body = JSON.stringify({ jsonrpc: "2.0", id, method, params: modern ? { ...params, _meta } : params });
  return {
    headers: {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": era,
      ...(modern ? { "mcp-method": method } : {}),
      ...(modern && name !== "" ? { "mcp-name": name } : {}),
    },
    body,
  };
}

/** `sources` is for servers that have no tool but their own: it looks up settings and touches no data. */
function asked(operation: Operation, id: number): { name: string; params: Record<string, unknown> } {
  if (operation === "list") return { name: "", params: {} };
  const name = operation === "call" ? "bench_add_numbers" : "lake_list_sources";
  return { name, params: { name, arguments: operation === "call" ? { a: id, b: 1 } : {} } };
}

/** Throws unless `text` (JSON, or one event of a stream) answers the request. */
export function checkAnswer(text: string, operation: Operation, id: number, toolCount: number): void {
  const json = text.startsWith("{") ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? "");
  const answer = JSON.parse(json) as {
    id: unknown;
    result?: { tools?: unknown[]; structuredContent?: { sum?: number; sources?: unknown[] } };
  };
  const { tools, structuredContent } = answer.result ?? {};
  const isRight = {
    list: tools?.length === toolCount,
    call: structuredContent?.sum === id + 1,
    sources: structuredContent?.sources?.length === 1,
  }[operation];
  if (answer.id !== id || !isRight) throw new Error(`A wrong answer: ${text.slice(0, 500)}`);
}
