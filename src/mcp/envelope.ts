import { INVALID_PARAMS, INVALID_REQUEST, type RequestId } from "@modelcontextprotocol/server";
import { isRecord } from "../core/record.ts";

/** A JSON-RPC error with the id it answers: null where the request's own is unusable. */
export interface RpcError {
  code: number;
  message: string;
  id: RequestId | null;
  data?: unknown;
}

const maxIdChars = 256;

/**
 * What is wrong with one JSON-RPC message before its method matters, or undefined. Ids must be strings or
 * integers a JSON number holds exactly: a float, null or 2^60 would come back as something else than was sent.
 * Source: JSON-RPC 2.0, section 4; MCP, "Requests".
 */
export function envelopeFault(message: unknown): RpcError | undefined {
  if (!isRecord(message)) return invalid("A JSON-RPC message must be an object.");
  if (message.jsonrpc !== "2.0") return invalid('The member "jsonrpc" must be "2.0".', message.id);
  if (message.method !== undefined && typeof message.method !== "string") {
    return invalid('The member "method" must be a string.', message.id);
  }
  if ("id" in message && !isUsableId(message.id)) {
    return invalid(`The id must be a string of at most ${maxIdChars} characters or an integer below 2^53.`);
  }
  if (message.method === undefined && !("result" in message) && !("error" in message)) {
    return invalid("The message has no method.", message.id);
  }
  if (message.params !== undefined && !isRecord(message.params)) {
    return invalid('The member "params" must be an object.', message.id);
  }
  return callFault(message);
}

/** A call that names no tool comes to no call path: it is refused here, where refusals are logged and recorded. */
function callFault({ method, params, id }: Record<string, unknown>): RpcError | undefined {
  if (method !== "tools/call" || !isUsableId(id)) return undefined;
  const { name, arguments: given } = isRecord(params) ? params : {};
  const wrong =
    typeof name !== "string"
      ? '"name" must be a string.'
      : given !== undefined && !isRecord(given)
        ? '"arguments" must be an object.'
        : undefined;
  if (wrong === undefined) return undefined;
  return { code: INVALID_PARAMS, message: `Invalid params of tools/call: ${wrong}`, id };
}

/** The id of a request, where it can be echoed. */
export function idOf(message: unknown): RequestId | null {
  return isRecord(message) && typeof message.method === "string" && isUsableId(message.id)
    ? message.id
    : null;
}

function invalid(message: string, id?: unknown): RpcError {
  return { code: INVALID_REQUEST, message: `Invalid Request: ${message}`, id: isUsableId(id) ? id : null };
}

function isUsableId(id: unknown): id is RequestId {
  return typeof id === "string" ? id.length <= maxIdChars : Number.isSafeInteger(id);
}
