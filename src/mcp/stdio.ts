import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { McpFront } from "./front.ts";
import { StdioWire } from "./stdio-wire.ts";

export interface StdioConnectionOptions {
  front: McpFront;
  stdin: Readable;
  stdout: Writable;
  onError: (error: Error) => void;
}

export interface StdioConnection {
  close(): Promise<void>;
}

/** Serves one MCP connection of either era over a pair of streams. */
export function connectStdio({ front, stdin, stdout, onError }: StdioConnectionOptions): StdioConnection {
  const { maxBodyBytes: maxBytes, refuseMessage: onRefused } = front;
  const transport = new StdioWire({ stdin, stdout, maxBytes, onRefused });
  return serveStdio(front.factory, { transport, onerror: onError });
}
