import type { Server, ServerEventBus } from "@modelcontextprotocol/server";
import type { Principal } from "../../core/principal.ts";
import type { Connection } from "../connection.ts";
import type { OpenStream } from "../open-stream.ts";
import type { Wanted } from "../server.ts";
import type { ServingUnit } from "../unit.ts";
import type { LiveSessions } from "./live.ts";
import type { SessionStore, SessionStores } from "./store.ts";

/** What a server of one exchange is built from, beside what all units share. */
export type UnitOfSession = Pick<
  ServingUnit,
  "principal" | "traceparent" | "logLevel" | "keepLogLevel" | "tellLimits"
>;

export interface SessionOptions {
  build(unit: UnitOfSession, wanted?: Wanted): Server;
  stores: SessionStores;
  bus: ServerEventBus;
  newId(): string;
  keepAliveMs: number;
  /** A response not there by then becomes a stream. */
  streamAfterMs: number;
  /** How long a client that left may stay away before its work is given up, where it can come back at all. */
  resumeWithinMs: number;
  /** Between two looks for mail or events that other replicas left. */
  pollMs: number;
  openStream: OpenStream;
}

/** What the parts of session serving share. */
export interface SessionServing extends Omit<SessionOptions, "stores"> {
  /** Of the tenant that asks. */
  store: SessionStore;
  live: LiveSessions;
}

/** One request of the legacy era, its body read and checked. */
export interface LegacyRequest extends Pick<Connection, "tellLimits"> {
  request: Request;
  principal: Principal;
  body?: unknown;
}
