import type { JSONRPCMessage, LoggingLevel } from "@modelcontextprotocol/server";

/** What any replica needs to serve the next request of a legacy session. */
export interface SessionRecord {
  /** Tenant and id of the principal that opened it. Nobody else may use it. */
  owner: string;
  /** The client's `initialize` params, replayed into the server of each request. */
  initialize: Record<string, unknown>;
  /** The revision agreed on, such as `2025-06-18`. */
  protocolVersion: string;
  logLevel?: LoggingLevel;
}

/** One event of a response stream. */
export interface StreamEvent {
  id: string;
  /** A JSON-RPC message as JSON text; empty in the event that opens a stream. */
  data: string;
}

export interface StreamTail {
  events: readonly StreamEvent[];
  /** No more will come. */
  ended: boolean;
}

/** What one replica has to say to the one that runs a call: a message of the client's, or that the client came back for a stream. */
export type Letter = { message: JSONRPCMessage } | { returnedTo: string };

export interface Mail {
  sequence: number;
  letter: Letter;
}

/** A letter to another replica is longer than the store takes. */
export class LetterTooLarge extends Error {
  constructor() {
    super("The message is longer than may be passed on to the server that waits for it.");
    this.name = "LetterTooLarge";
  }
}

/** All sessions are in use: a new one must wait. */
export class SessionStoreFull extends Error {
  constructor() {
    super("There are as many sessions as are kept, and all are in use.");
    this.name = "SessionStoreFull";
  }
}

/** Where legacy sessions live, by tenant: no request for one tenant reads what is another's. */
export interface SessionStores {
  /** Whether other processes use it too. */
  readonly shared: boolean;
  within(tenantId: string): SessionStore;
}

/**
 * Where the legacy sessions of a tenant live. Each method is a few requests to a database at most, so that replicas can
 * share one. A session nobody used for its idle time is gone; `get` and `touch` count as use.
 */
export interface SessionStore {
  /** Whether other processes use it too. Mail is only looked for where they do. */
  readonly shared: boolean;
  /**
   * Throws when the id is taken. May make room by forgetting a session that was never used or is idle for long;
   * throws `SessionStoreFull` where there is none.
   */
  create(sessionId: string, record: SessionRecord): Promise<void>;
  get(sessionId: string): Promise<SessionRecord | undefined>;
  /** False when there is no such session. */
  touch(sessionId: string): Promise<boolean>;
  update(sessionId: string, patch: Partial<SessionRecord>): Promise<void>;
  /** Forgets the session, its streams and its mail. False when there was none. */
  delete(sessionId: string): Promise<boolean>;
  /** Leaves a letter for the replica that runs the request it belongs to. Throws `LetterTooLarge`. */
  post(sessionId: string, letter: Letter): Promise<void>;
  /** Mail after `sequence`, oldest first. Undefined when the session has ended. */
  poll(sessionId: string, sequence: number): Promise<readonly Mail[] | undefined>;
  /** Keeps an event so that a client can ask for what it missed. Gives its id. */
  appendEvent(sessionId: string, stream: string, data: string, last: boolean): Promise<string>;
  /** What followed an event. Undefined when the id is unknown or what followed is no longer kept. */
  eventsAfter(sessionId: string, eventId: string): Promise<StreamTail | undefined>;
}
