import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { McpFront } from "./front.ts";

export interface StdioConnection {
  close(): Promise<void>;
}

/** Serves one MCP connection over stdin and stdout. */
export function connectStdio(front: McpFront, onError: (error: Error) => void): StdioConnection {
  return serveStdio(front.factory, { onerror: onError });
}
