import type { JSONRPCMessage, MessageExtraInfo, RequestId } from "@modelcontextprotocol/server";
import type { EventSink } from "./event-sink.ts";
import type { Exchange } from "./exchange.ts";
import type { ResponseStream } from "./response-stream.ts";

/** What of a session runs in this process right now. */
export interface LiveSessions {
  add(exchange: Exchange, stream: ResponseStream): void;
  remove(exchange: Exchange, stream: ResponseStream): void;
  /** The response stream that numbers an event so, if it is written here. */
  streamOf(sessionId: string, eventId: string): ResponseStream | undefined;
  /** Whether a request with this id is being answered in the session. */
  isInFlight(sessionId: string, id: RequestId): boolean;
  /** Gives a message to the exchanges that wait for it. False when none does. */
  deliver(sessionId: string, message: JSONRPCMessage, extra: MessageExtraInfo): boolean;
  /** Makes `sink` the session's stream for what belongs to no request. */
  attachSink(sessionId: string, sink: EventSink): void;
  /** Ends the one there is. */
  closeSink(sessionId: string): void;
  detachSink(sessionId: string, sink: EventSink): void;
  /** Stops everything of one session. */
  end(sessionId: string): Promise<void>;
  endAll(): Promise<void>;
}

interface Live {
  exchanges: Set<Exchange>;
  streams: Map<string, ResponseStream>;
  sink?: EventSink | undefined;
}

export function createLiveSessions(): LiveSessions {
  const sessions = new Map<string, Live>();
  const open = (sessionId: string): Live => {
    const live = sessions.get(sessionId) ?? { exchanges: new Set(), streams: new Map() };
    sessions.set(sessionId, live);
    return live;
  };
  const tidy = (sessionId: string, live: Live) => {
    if (live.exchanges.size === 0 && !live.sink) sessions.delete(sessionId);
  };
  async function end(sessionId: string): Promise<void> {
    const live = sessions.get(sessionId);
    sessions.delete(sessionId);
    live?.sink?.close();
    await Promise.all([...(live?.exchanges ?? [])].map((exchange) => exchange.close()));
  }
  return {
    add(exchange, stream) {
      const live = open(exchange.sessionId);
      live.exchanges.add(exchange);
      live.streams.set(stream.id, stream);
    },
    remove(exchange, stream) {
      const live = sessions.get(exchange.sessionId);
      live?.exchanges.delete(exchange);
      live?.streams.delete(stream.id);
      if (live) tidy(exchange.sessionId, live);
    },
    streamOf: (sessionId, eventId) => sessions.get(sessionId)?.streams.get(eventId.split("~")[0] ?? ""),
    isInFlight: (sessionId, id) =>
      [...(sessions.get(sessionId)?.exchanges ?? [])].some((exchange) => exchange.pending.has(id)),
    deliver(sessionId, message, extra) {
      const waiting = [...(sessions.get(sessionId)?.exchanges ?? [])].filter((one) => one.awaits(message));
      for (const exchange of waiting) exchange.deliver(message, extra);
      return waiting.length > 0;
    },
    attachSink(sessionId, sink) {
      open(sessionId).sink = sink;
    },
    closeSink: (sessionId) => sessions.get(sessionId)?.sink?.close(),
    detachSink(sessionId, sink) {
      const live = sessions.get(sessionId);
      if (live?.sink !== sink) return;
      live.sink = undefined;
      tidy(sessionId, live);
    },
    end,
    endAll: async () => void (await Promise.all([...sessions.keys()].map(end))),
  };
}
