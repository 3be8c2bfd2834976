import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import {
  INVALID_REQUEST,
  isJSONRPCRequest,
  isJSONRPCResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  PARSE_ERROR,
  parseJSONRPCMessage,
  type RequestId,
  type Transport,
} from "@modelcontextprotocol/server";
import type { ToolFault } from "../core/errors.ts";
import { decodeUtf8 } from "./bytes.ts";
import { envelopeFault, type RpcError } from "./envelope.ts";
import { JsonRefused, parseJson } from "./json.ts";
import { createLineSplitter, type Line } from "./lines.ts";
import type { OpenStream } from "./open-stream.ts";
import { allowsBatch } from "./sessions/revisions.ts";

export interface StdioWireOptions {
  stdin: Readable;
  stdout: Writable;
  /** Bytes of one message. */
  maxBytes: number;
  /** Lets in a subscription that stays open. */
  openStream: (id: RequestId) => ReturnType<OpenStream>;
  /** Told why a message could not be dispatched, as its sender is. */
  onRefused: (reason: string, fault?: ToolFault) => void;
}

/**
 * MCP's stdio transport: one message per line. What cannot be dispatched is answered with the error JSON-RPC
 * has for it, where the SDK's own transport says nothing or hangs up. Source: MCP, "Transports: stdio".
 */
export class StdioWire implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #options: StdioWireOptions;
  readonly #split: (chunk: Buffer) => Line[];
  /** Ids of requests not yet answered, and what is to be done when they are. */
  readonly #inFlight = new Map<RequestId, () => void>();
  #protocolVersion = "";
  #closed = false;

  constructor(options: StdioWireOptions) {
    this.#options = options;
    this.#split = createLineSplitter(options.maxBytes);
  }

  async start(): Promise<void> {
    const { stdin, stdout } = this.#options;
    stdin.on("data", this.#read);
    stdin.once("end", this.#hangUp);
    stdin.once("close", this.#hangUp);
    stdin.once("error", this.#hangUp);
    // A client that died no longer reads: EPIPE.
    stdout.on("error", this.#hangUp);
  }

  readonly setProtocolVersion = (version: string): void => {
    this.#protocolVersion = version;
  };

  async send(message: JSONRPCMessage): Promise<void> {
    if (isJSONRPCResponse(message) && message.id !== undefined) this.#settle(message.id);
    await this.#write(message);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const id of this.#inFlight.keys()) this.#settle(id);
    this.#options.stdin.off("data", this.#read);
    this.#options.stdin.pause();
    this.onclose?.();
  }

  readonly #hangUp = (): void => void this.close();

  readonly #read = (chunk: Buffer): void => {
    for (const line of this.#split(chunk)) this.#take(line);
  };

  #take({ bytes, tooLong }: Line): void {
    const text = bytes && decodeUtf8(bytes);
    if (tooLong) this.#refuse(INVALID_REQUEST, `A message may hold ${this.#options.maxBytes} bytes.`);
    else if (text === undefined) this.#refuse(PARSE_ERROR, "The message is not UTF-8.");
    else if (text.trim() !== "") this.#parse(text);
  }

  #parse(text: string): void {
    try {
      const parsed = parseJson(text);
      const messages = Array.isArray(parsed) ? parsed : [parsed];
      const isRefusedBatch = Array.isArray(parsed) && !allowsBatch(this.#protocolVersion);
      if (isRefusedBatch || messages.length === 0)
        this.#refuse(INVALID_REQUEST, "No batch can be sent here.");
      else for (const message of messages) this.#dispatch(message);
    } catch (thrown) {
      this.#refuse(
        PARSE_ERROR,
        thrown instanceof JsonRefused ? thrown.message : "The message is unreadable.",
      );
    }
  }

  #dispatch(value: unknown): void {
    const wrong = envelopeFault(value);
    if (wrong) {
      this.#answer(wrong);
      return;
    }
    const message = parseJSONRPCMessage(value);
    if (isJSONRPCRequest(message) && !this.#begin(message)) return;
    if ("method" in message && message.method === "notifications/cancelled") this.#cancel(message.params);
    this.onmessage?.(message);
  }

  /** Keeps account of the ids in flight. False for a request that is refused. */
  #begin({ id, method }: JSONRPCRequest): boolean {
    if (this.#inFlight.has(id)) {
      // Answered without the id: with it, the answer would be taken for that of the request in flight.
      this.#refuse(INVALID_REQUEST, "The id is in flight already.");
      return false;
    }
    const onSettled = method === "subscriptions/listen" ? this.#options.openStream(id) : () => {};
    if (typeof onSettled !== "function") {
      this.#answer(onSettled.error, onSettled.fault);
      return false;
    }
    this.#inFlight.set(id, onSettled);
    return true;
  }

  #cancel(params: Record<string, unknown> | undefined): void {
    const id = params?.requestId;
    if (typeof id === "string" || typeof id === "number") this.#settle(id);
  }

  #settle(id: RequestId): void {
    this.#inFlight.get(id)?.();
    this.#inFlight.delete(id);
  }

  #refuse(code: number, message: string): void {
    this.#answer({ code, message, id: null });
  }

  #answer({ code, message, id, data }: RpcError, fault?: ToolFault): void {
    this.#options.onRefused(message, fault);
    const error = { code, message, ...(data !== undefined && { data }) };
    void this.#write({ jsonrpc: "2.0", id, error }).catch(() => {});
  }

  async #write(message: unknown): Promise<void> {
    const { stdout } = this.#options;
    if (this.#closed || stdout.destroyed) return;
    if (!stdout.write(`${JSON.stringify(message)}\n`)) await once(stdout, "drain");
  }
}
