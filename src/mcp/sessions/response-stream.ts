import { randomUUID } from "node:crypto";
import type { JSONRPCMessage, JSONRPCResponse } from "@modelcontextprotocol/server";
import { deferred } from "../deferred.ts";
import { createEventSink, type EventSink } from "./event-sink.ts";
import type { SessionStore } from "./store.ts";

export interface ResponseStreamOptions {
  sessionId: string;
  store: SessionStore;
  /** Whether the client can come back for what it missed: revisions from 2025-11-25 on. */
  resumable: boolean;
  /** Whether the client sent an array, and gets one. */
  batch: boolean;
  keepAliveMs: number;
  /** A response not there by then is streamed, so that the client sees life. */
  streamAfterMs: number;
  /** How long a client that left may stay away before the work is given up. */
  resumeWithinMs: number;
  /** The client left, and will not come back for the rest. */
  onLost: () => void;
}

/** Where an exchange says what it has to say. */
export interface ExchangeOutput {
  send(message: JSONRPCMessage): Promise<void>;
  respond(message: JSONRPCResponse, last: boolean): Promise<void>;
  /** Ends with no more to say, as after a cancellation, which has no response. */
  end(): void;
  /** Ends at once. */
  close(): void;
}

/** What a client that was cut off should wait before it comes back. */
const retryMs = 1_000;

/**
 * The HTTP response to one POST. A single JSON body where nothing but the responses is to be said and they
 * come soon; else an event stream.
 */
export class ResponseStream implements ExchangeOutput {
  /** Names the stream in the ids of its events. */
  readonly id = randomUUID();
  readonly #options: ResponseStreamOptions;
  readonly #response = deferred<Response>();
  readonly #ready: JSONRPCResponse[] = [];
  readonly #streamTimer: NodeJS.Timeout;
  #lostTimer: NodeJS.Timeout | undefined;
  #sink: EventSink | undefined;
  /** Events get their ids from the store, one after the other. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ResponseStreamOptions) {
    this.#options = options;
    this.#streamTimer = setTimeout(() => this.#open(), options.streamAfterMs);
  }

  get response(): Promise<Response> {
    return this.#response.promise;
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#open();
    this.#append(JSON.stringify(message));
    await this.#writing;
  }

  async respond(message: JSONRPCResponse, last: boolean): Promise<void> {
    if (this.#sink) this.#append(JSON.stringify(message), { last });
    else this.#ready.push(message);
    await this.#writing;
    if (!this.#sink && last) this.#resolveAsJson();
  }

  /** Cuts the client off though work goes on: it will come back for the rest. Only where it can. */
  readonly release = (): void => {
    if (!this.#options.resumable) return;
    this.#open();
    void this.#writing.then(() => this.#sink?.close());
    this.#awaitReturn();
  };

  /** The client is back, reading this stream's events from the store. */
  returned(): void {
    clearTimeout(this.#lostTimer);
  }

  /** The client's connection broke. Once it is a stream, the stream itself notices. */
  readonly abandon = (): void => {
    if (!this.#sink) this.#options.onLost();
  };

  end(): void {
    this.#open();
    if (this.#options.resumable) this.#append("", { last: true });
  }

  close(): void {
    clearTimeout(this.#streamTimer);
    clearTimeout(this.#lostTimer);
    void this.#writing.then(() => this.#sink?.close());
    this.#response.reject(new Error("The exchange was closed before it had a response."));
  }

  #open(): void {
    if (this.#sink) return;
    clearTimeout(this.#streamTimer);
    const { sessionId, keepAliveMs, resumable, onLost } = this.#options;
    const onGone = resumable ? () => this.#awaitReturn() : onLost;
    this.#sink = createEventSink({ sessionId, keepAliveMs, onGone });
    this.#response.resolve(this.#sink.response);
    if (resumable) this.#append("", { retryMs });
    for (const message of this.#ready.splice(0)) this.#append(JSON.stringify(message));
  }

  #awaitReturn(): void {
    const { resumeWithinMs, onLost } = this.#options;
    clearTimeout(this.#lostTimer);
    this.#lostTimer = setTimeout(onLost, resumeWithinMs);
    this.#lostTimer.unref();
  }

  #append(data: string, { last = false, ...event }: { last?: boolean; retryMs?: number } = {}): void {
    const { resumable, store, sessionId } = this.#options;
    this.#writing = this.#writing.then(async () => {
      // What the store does not take is sent without an id: a client that is there gets it all the same.
      const id = resumable
        ? await store.appendEvent(sessionId, this.id, data, last).catch(() => undefined)
        : undefined;
      this.#sink?.send({ data, ...event, ...(id !== undefined && { id }) });
    });
  }

  #resolveAsJson(): void {
    const { batch, sessionId } = this.#options;
    const body = batch ? this.#ready : this.#ready[0];
    this.#response.resolve(Response.json(body, { headers: { "mcp-session-id": sessionId } }));
  }
}
