import { INVALID_REQUEST, isInitializeRequest, isJSONRPCErrorResponse } from "@modelcontextprotocol/server";
import { isRecord } from "../../core/record.ts";
import { jsonSizeBytes } from "../../core/results.ts";
import { idOf } from "../envelope.ts";
import { rpcErrorResponse, transportFault } from "../rpc-response.ts";
import { refuseUnlessAcceptsAnswers } from "./accept.ts";
import { Exchange } from "./exchange.ts";
import { ownerOf } from "./owner.ts";
import type { ExchangeOutput } from "./response-stream.ts";
import type { LegacyRequest, SessionServing } from "./serving.ts";
import { SessionStoreFull } from "./store.ts";

/** They are kept as long as the session: icons and extensions fit, a store full of megabytes does not come. */
const maxInitializeBytes = 48 * 1024;

/** `initialize`: agrees on a revision and opens a session for it, bound to the principal. */
export async function openSession(serving: SessionServing, given: LegacyRequest): Promise<Response> {
  const { body, request, principal } = given;
  const refusal = refuseUnlessAcceptsAnswers(request);
  if (refusal) return refusal;
  if (!isInitializeRequest(body)) return refuse(body, "initialize must be sent alone, with its params.");
  if (request.headers.has("mcp-session-id")) return refuse(body, "This session is initialized already.");
  const initialize = isRecord(body.params) ? body.params : {};
  if (jsonSizeBytes(initialize) > maxInitializeBytes) {
    return refuse(body, `The params of initialize may hold ${maxInitializeBytes} bytes.`);
  }
  const sessionId = serving.newId();
  const exchange = new Exchange({ sessionId, tag: "open", pending: [], output: silent });
  const server = serving.build({ principal }, { method: "initialize" });
  await server.connect(exchange);
  const answer = await exchange.replay("initialize", initialize);
  await exchange.close();
  const response = { ...answer, id: idOf(body) ?? undefined };
  if (isJSONRPCErrorResponse(answer)) return Response.json(response, { status: 400 });
  const protocolVersion = String(answer.result.protocolVersion);
  try {
    await serving.store.create(sessionId, { owner: ownerOf(principal), initialize, protocolVersion });
  } catch (thrown) {
    if (thrown instanceof SessionStoreFull) return full(body);
    throw thrown;
  }
  return Response.json(response, { headers: { "mcp-session-id": sessionId } });
}

const retryAfterSeconds = 60;

function full(body: unknown): Response {
  const message = `Too many sessions are in use. Try again in ${retryAfterSeconds} s.`;
  const headers = { "retry-after": String(retryAfterSeconds) };
  return rpcErrorResponse(503, { code: transportFault, message, id: idOf(body) }, headers);
}

function refuse(body: unknown, why: string): Response {
  return rpcErrorResponse(400, {
    code: INVALID_REQUEST,
    message: `Invalid Request: ${why}`,
    id: Array.isArray(body) ? null : idOf(body),
  });
}

/** While a session is being opened its server has nobody to speak to. */
const silent: ExchangeOutput = {
  send: async () => {},
  respond: async () => {},
  end: () => {},
  close: () => {},
};
