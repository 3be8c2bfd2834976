import type { McpFront } from "../mcp/front.ts";
import { connectStdio } from "../mcp/stdio.ts";

export interface StdioAdapterOptions {
  front: McpFront;
  /** Faults of the connection, for the log: stdout carries protocol and nothing else. */
  onError?: (error: Error) => void;
}

export interface StdioAdapter {
  /** Settles when the client closed stdin, or `close` was called. */
  closed: Promise<void>;
  close(): Promise<void>;
}

/** Serves MCP over this process's stdin and stdout until the client closes stdin. */
export function serveStdio({ front, onError = () => {} }: StdioAdapterOptions): StdioAdapter {
  const connection = connectStdio(front, onError);
  const closed = new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    process.stdin.once("close", resolve);
  });
  return {
    closed,
    async close() {
      await connection.close();
      await front.close();
      process.stdin.destroy();
    },
  };
}
