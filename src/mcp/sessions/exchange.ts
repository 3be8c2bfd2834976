import {
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
  type JSONRPCResponse,
  type MessageExtraInfo,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import type { ExchangeOutput } from "./response-stream.ts";

export interface ExchangeOptions {
  sessionId: string;
  /** Makes the ids of requests to the client unique among all exchanges of all replicas. */
  tag: string;
  /** Ids the client waits for. Empty while a session is being opened. */
  pending: Iterable<RequestId>;
  output: ExchangeOutput;
}

/**
 * The transport of one POST: from the client's requests to the last of their responses. A legacy session is a
 * row of such exchanges, each with a server of its own, so that nothing of one reaches another.
 */
export class Exchange implements Transport {
  onmessage?: (message: JSONRPCMessage, extra?: MessageExtraInfo) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly sessionId: string;
  readonly pending: Set<RequestId>;
  readonly #tag: string;
  readonly #output: ExchangeOutput;
  /** Requests sent to the client: the id it saw, to the id the server gave. */
  readonly #asked = new Map<RequestId, RequestId>();
  #replay: ((response: JSONRPCResponse) => void) | undefined;
  #closed = false;

  constructor({ sessionId, tag, pending, output }: ExchangeOptions) {
    this.sessionId = sessionId;
    this.pending = new Set(pending);
    this.#tag = tag;
    this.#output = output;
  }

  async start(): Promise<void> {}

  /** Runs a message of our own through the server and gives its response, which the client never sees. */
  replay(method: string, params: Record<string, unknown>): Promise<JSONRPCResponse> {
    return new Promise((resolve) => {
      this.#replay = resolve;
      this.onmessage?.({ jsonrpc: "2.0", id: `${this.#tag}:replay`, method, params });
    });
  }

  /** Whether a message without a request in it belongs here. */
  awaits(message: JSONRPCMessage): boolean {
    if (isJSONRPCResponse(message)) return message.id !== undefined && this.#asked.has(message.id);
    const cancelled = cancelledId(message);
    return cancelled === undefined ? this.#asked.size > 0 : this.pending.has(cancelled);
  }

  deliver(message: JSONRPCMessage, extra: MessageExtraInfo): void {
    const cancelled = cancelledId(message);
    if (cancelled !== undefined) this.#cancel(message, cancelled);
    else if (isJSONRPCResponse(message)) this.#answer(message, extra);
    else this.onmessage?.(message, extra);
  }

  #answer(message: JSONRPCResponse, extra: MessageExtraInfo): void {
    const seen = message.id ?? "";
    const id = this.#asked.get(seen);
    this.#asked.delete(seen);
    if (id !== undefined) this.onmessage?.({ ...message, id }, extra);
  }

  /** A cancelled request gets no response, so the exchange ends with the last of its requests. */
  #cancel(message: JSONRPCMessage, id: RequestId): void {
    this.onmessage?.(message);
    this.pending.delete(id);
    if (this.pending.size > 0) return;
    this.#output.end();
    void this.close();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#closed) return;
    if (isJSONRPCResponse(message)) return this.#respond(message);
    if (!isJSONRPCRequest(message)) return this.#output.send(message);
    const id = `${this.#tag}:${message.id}`;
    this.#asked.set(id, message.id);
    return this.#output.send({ ...message, id });
  }

  async #respond(message: JSONRPCResponse): Promise<void> {
    if (this.#replay) {
      const done = this.#replay;
      this.#replay = undefined;
      return done(message);
    }
    if (message.id === undefined || !this.pending.delete(message.id)) return;
    await this.#output.respond(message, this.pending.size === 0);
    if (this.pending.size === 0) queueMicrotask(() => void this.close());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#output.close();
    this.onclose?.();
  }
}

function cancelledId(message: JSONRPCMessage): RequestId | undefined {
  if (!("method" in message) || message.method !== "notifications/cancelled") return undefined;
  const id = message.params?.requestId;
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}
