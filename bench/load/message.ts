/** What the servers are asked. */
export type Operation = "list" | "call";
/** The modern revision, or the newest that fastmcp speaks. */
export type Era = "2026-07-28" | "2025-11-25";

export interface Message {
  headers: Record<string, string>;
  body: string;
}

/** One JSON-RPC request as an HTTP message of its era. */
export function messageOf(operation: Operation, era: Era, id: number): Message {
  const method = operation === "list" ? "tools/list" : "tools/call";
  const name = "bench_add_numbers";
  const params = operation === "list" ? {} : { name, arguments: { a: id, b: 1 } };
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
      ...(modern && operation === "call" ? { "mcp-name": name } : {}),
    },
    body,
  };
}

/** Throws unless `text` (JSON, or one event of a stream) answers the request. */
export function checkAnswer(text: string, operation: Operation, id: number, toolCount: number): void {
  const json = text.startsWith("{") ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? "");
  const answer = JSON.parse(json) as {
    id: unknown;
    result?: { tools?: unknown[]; structuredContent?: { sum?: number } };
  };
  const right =
    operation === "list"
      ? answer.result?.tools?.length === toolCount
      : answer.result?.structuredContent?.sum === id + 1;
  if (answer.id !== id || !right) throw new Error(`A wrong answer: ${text.slice(0, 500)}`);
}
