import type { Readable, Writable } from "node:stream";
import type { RequestId } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { localPrincipal } from "../core/principal.ts";
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
  const openStream = (id: RequestId) => front.openStream({ principal: localPrincipal, id });
  const transport = new StdioWire({ stdin, stdout, maxBytes, openStream, onRefused });
  // The wire counts subscriptions with all other streams.
  const maxSubscriptions = Number.POSITIVE_INFINITY;
  return serveStdio(front.factory, { transport, maxSubscriptions, onerror: onError });
}
