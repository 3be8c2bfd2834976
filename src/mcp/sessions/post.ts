import {
  INVALID_REQUEST,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCRequest,
  parseJSONRPCMessage,
  type RequestId,
} from "@modelcontextprotocol/server";
import { rpcErrorResponse } from "../rpc-response.ts";
import { refuseUnlessAcceptsAnswers } from "./accept.ts";
import { type CheckedSession, checkSession } from "./check.ts";
import { Exchange } from "./exchange.ts";
import { readMail } from "./read-mail.ts";
import { ResponseStream } from "./response-stream.ts";
import { allowsBatch, canResume } from "./revisions.ts";
import type { LegacyRequest, SessionServing, UnitOfSession } from "./serving.ts";
import { LetterTooLarge } from "./store.ts";

/** Messages in one batch; more is refused. */
const maxBatch = 100;

/** A POST in a session: 202 where it holds no request, else the response to its requests. */
export async function answerPost(serving: SessionServing, given: LegacyRequest): Promise<Response> {
  const refusal = refuseUnlessAcceptsAnswers(given.request);
  if (refusal) return refusal;
  const session = await checkSession(serving, given);
  if (session instanceof Response) return session;
  const messages = readMessages(given.body, session);
  if (messages instanceof Response) return messages;
  const requests = messages.filter(isJSONRPCRequest);
  const others = messages.filter((message) => !isJSONRPCRequest(message));
  for (const message of others) {
    const refused = await passOn(serving, session.id, message, given.request);
    if (refused) return refused;
  }
  if (requests.length === 0) return new Response(null, { status: 202 });
  return answerRequests(serving, given, session, requests);
}

function readMessages(body: unknown, { record }: CheckedSession): JSONRPCMessage[] | Response {
  if (!Array.isArray(body)) return [parseJSONRPCMessage(body)];
  if (!allowsBatch(record.protocolVersion)) {
    return refuse(`Protocol version ${record.protocolVersion} has no batches.`);
  }
  if (body.length > maxBatch) return refuse(`A batch may hold ${maxBatch} messages.`);
  return body.map((message) => parseJSONRPCMessage(message));
}

/** A notification or a reply belongs to an exchange: here, or on another replica. */
async function passOn(
  { live, store }: SessionServing,
  sessionId: string,
  message: JSONRPCMessage,
  request: Request,
): Promise<Response | undefined> {
  if (live.deliver(sessionId, message, { request }) || !store.shared) return undefined;
  try {
    await store.post(sessionId, { message });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof LetterTooLarge) return refuse(thrown.message);
    throw thrown;
  }
}

async function answerRequests(
  serving: SessionServing,
  given: LegacyRequest,
  session: CheckedSession,
  requests: JSONRPCRequest[],
): Promise<Response> {
  const reused = requests.find(({ id }) => serving.live.isInFlight(session.id, id));
  if (reused) return refuse(`Request id ${reused.id} is in flight already.`, reused);
  const ids = new Set(requests.map(({ id }) => id));
  if (ids.size < requests.length) return refuse("Two requests of the batch have one id.");
  const { exchange, stream } = openExchange(serving, given, session, ids);
  try {
    const extra = { request: given.request, closeSSEStream: stream.release };
    await connectServer(serving, given, session, exchange);
    for (const message of requests) exchange.deliver(message, extra);
    return await stream.response;
  } catch {
    // Nobody is left to read this: the client went, or the session was ended.
    await exchange.close();
    return new Response(null, { status: 499 });
  }
}

function openExchange(
  serving: SessionServing,
  { request, body }: LegacyRequest,
  { id: sessionId, record }: CheckedSession,
  pending: Iterable<RequestId>,
): { exchange: Exchange; stream: ResponseStream } {
  const { live, store, keepAliveMs, streamAfterMs, resumeWithinMs } = serving;
  const stream = new ResponseStream({
    sessionId,
    store,
    resumable: canResume(record.protocolVersion),
    batch: Array.isArray(body),
    keepAliveMs,
    streamAfterMs,
    resumeWithinMs,
    onLost: () => void exchange.close(),
  });
  const exchange = new Exchange({ sessionId, tag: serving.newId(), pending, output: stream });
  const stopReading = readMail(serving, exchange, stream);
  exchange.onclose = () => {
    stopReading();
    live.remove(exchange, stream);
  };
  live.add(exchange, stream);
  request.signal.addEventListener("abort", stream.abandon, { once: true });
  return { exchange, stream };
}

/** Gives the exchange a server of its own, brought to where the session stands. */
async function connectServer(
  { build, store }: SessionServing,
  { request, principal, body, tellLimits }: LegacyRequest,
  { id: sessionId, record }: CheckedSession,
  exchange: Exchange,
): Promise<void> {
  const unit: UnitOfSession = {
    principal,
    tellLimits,
    traceparent: request.headers.get("traceparent") ?? undefined,
    logLevel: record.logLevel,
    keepLogLevel: (logLevel) => store.update(sessionId, { logLevel }),
  };
  const server = build(unit, isJSONRPCRequest(body) ? { method: body.method } : undefined);
  await server.connect(exchange);
  await exchange.replay("initialize", record.initialize);
}

function refuse(why: string, about?: JSONRPCRequest): Response {
  return rpcErrorResponse(400, {
    code: INVALID_REQUEST,
    message: `Invalid Request: ${why}`,
    id: about?.id ?? null,
  });
}
