import { setTimeout as sleep } from "node:timers/promises";
import type { ServerEvent } from "@modelcontextprotocol/server";
import { refusedStream } from "../open-stream.ts";
import { transportFaultResponse } from "../rpc-response.ts";
import { refuseUnlessAcceptsStream } from "./accept.ts";
import { checkSession } from "./check.ts";
import { createEventSink, type EventSink } from "./event-sink.ts";
import type { LegacyRequest, SessionServing } from "./serving.ts";
import type { StreamTail } from "./store.ts";

/** GET: the session's own stream, or with `Last-Event-ID` the rest of a response's stream. */
export async function openEventStream(serving: SessionServing, given: LegacyRequest): Promise<Response> {
  const { headers } = given.request;
  if (headers.get("mcp-protocol-version") === "2026-07-28") {
    return transportFaultResponse(405, "Method Not Allowed: this revision has no GET.", { allow: "POST" });
  }
  const refusal = refuseUnlessAcceptsStream(given.request);
  if (refusal) return refusal;
  const session = await checkSession(serving, given);
  if (session instanceof Response) return session;
  const lastEventId = headers.get("last-event-id");
  if (lastEventId === null) {
    // Its place is the new one's: a client that lost its stream comes back before anybody knows that it did.
    serving.live.closeSink(session.id);
    return counted(serving, given, (onEnd) => openSessionStream(serving, session.id, onEnd));
  }
  const tail = await serving.store.eventsAfter(session.id, lastEventId);
  if (!tail) return transportFaultResponse(400, "Bad Request: Last-Event-ID is unknown or no longer kept.");
  return counted(serving, given, (onEnd) => resumeStream(serving, session.id, { lastEventId, tail, onEnd }));
}

/** A stream where its caller may have one more; `onEnd` is to be called when it has ended. */
function counted(
  { openStream }: SessionServing,
  { request, principal }: LegacyRequest,
  begin: (onEnd: () => void) => Response,
): Response {
  const traceparent = request.headers.get("traceparent");
  const opened = openStream({ principal, id: null, traceparent });
  return typeof opened === "function" ? begin(opened) : refusedStream(opened);
}

const listChanges: Partial<Record<ServerEvent["kind"], string>> = {
  tools_list_changed: "notifications/tools/list_changed",
  prompts_list_changed: "notifications/prompts/list_changed",
  resources_list_changed: "notifications/resources/list_changed",
};

/** What belongs to no request: changed lists. One stream per session; a new one takes the place of the old. */
function openSessionStream(
  { bus, live, store, keepAliveMs }: SessionServing,
  sessionId: string,
  onEnd: () => void,
): Response {
  const sink = createEventSink({
    sessionId,
    keepAliveMs,
    onEnd() {
      unsubscribe();
      live.detachSink(sessionId, sink);
      onEnd();
    },
    // An open stream keeps its session alive, and ends when another replica ended the session.
    // Without an answer of the store it stays open: the next one tells.
    onKeepAlive: () =>
      void store.touch(sessionId).then(
        (there) => there || sink.close(),
        () => {},
      ),
  });
  const unsubscribe = bus.subscribe(({ kind }) => {
    const method = listChanges[kind];
    if (method !== undefined) sink.send({ data: JSON.stringify({ jsonrpc: "2.0", method }) });
  });
  live.attachSink(sessionId, sink);
  return sink.response;
}

interface Resumed {
  lastEventId: string;
  tail: StreamTail;
  onEnd: () => void;
}

function resumeStream(
  serving: SessionServing,
  sessionId: string,
  { lastEventId, tail, onEnd }: Resumed,
): Response {
  tellWriter(serving, sessionId, lastEventId);
  const sink = createEventSink({ sessionId, keepAliveMs: serving.keepAliveMs, onEnd });
  // A store that fails ends the stream; the client comes back for the rest.
  void follow(serving, sessionId, sink, lastEventId, tail)
    .catch(() => {})
    .finally(() => sink.close());
  return sink.response;
}

/** Whoever writes the stream gives its work up unless the client comes back, here or to another replica. */
function tellWriter({ live, store }: SessionServing, sessionId: string, lastEventId: string): void {
  const stream = live.streamOf(sessionId, lastEventId);
  if (stream) stream.returned();
  else if (store.shared) {
    const returnedTo = lastEventId.split("~")[0] ?? "";
    store.post(sessionId, { returnedTo }).catch(() => {});
  }
}

/** Without an event for this long the stream ends: its writer may be gone. The client can come back. */
const followForMs = 10 * 60_000;

/** Events as they come to be kept, whichever replica writes them, until the last. */
async function follow(
  { store, pollMs }: SessionServing,
  sessionId: string,
  sink: EventSink,
  lastEventId: string,
  tail: StreamTail,
): Promise<void> {
  let sent = lastEventId;
  let waitedMs = 0;
  for (let next: StreamTail | undefined = tail; next; next = await store.eventsAfter(sessionId, sent)) {
    for (const event of next.events) {
      sink.send(event);
      sent = event.id;
    }
    waitedMs = next.events.length > 0 ? 0 : waitedMs + pollMs;
    if (next.ended || !sink.open || waitedMs > followForMs) return;
    await sleep(pollMs);
  }
}
