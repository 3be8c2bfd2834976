import type { Readable, Writable } from "node:stream";
import type { McpFront } from "../mcp/front.ts";
import { connectStdio } from "../mcp/stdio.ts";

/** What is served, over which streams. Default: this process's own. */
export interface StdioAdapterOptions {
  front: McpFront;
  /** Faults of the connection, for the log: stdout carries protocol and nothing else. */
  onError?: (error: Error) => void;
  stdin?: Readable;
  stdout?: Writable;
}

/** A connection over stdio, already served. */
export interface StdioAdapter {
  /** Settles when the client closed stdin, or `close` was called. */
  closed: Promise<void>;
  /** Stops reading and aborts the calls that still run: their caller is leaving. */
  close(): Promise<void>;
}

/** Serves MCP over this process's stdin and stdout until the client closes stdin. */
export function serveStdio({
  front,
  onError = () => {},
  stdin = process.stdin,
  stdout = process.stdout,
}: StdioAdapterOptions): StdioAdapter {
  const connection = connectStdio({ front, stdin, stdout, onError });
  const closed = new Promise<void>((resolve) => {
    stdin.once("end", resolve);
    stdin.once("close", resolve);
  });
  return {
    closed,
    async close() {
      await connection.close();
      await front.close();
      stdin.destroy();
    },
  };
}
