import { INVALID_PARAMS, isJsonContentType, PARSE_ERROR } from "@modelcontextprotocol/server";
import { decodeUtf8, readBytes } from "./bytes.ts";
import { envelopeFault } from "./envelope.ts";
import { JsonRefused, parseJson } from "./json.ts";
import { rpcErrorResponse, transportFaultResponse } from "./rpc-response.ts";

/** A body that may be dispatched, or the response that refuses it. */
export type ReadBody = { value: unknown; refusal?: never } | { refusal: Response; value?: never };

/** 415 for a body announced as anything but JSON. */
export function unsupportedMediaType(contentType: string | null | undefined): Response | undefined {
  if (isJsonContentType(contentType ?? null)) return undefined;
  return transportFaultResponse(415, "Unsupported Media Type: send application/json.");
}

/** 413, after which the connection closes: the rest of the body is never read. */
export function bodyTooLarge(maxBytes: number): Response {
  return transportFaultResponse(413, `Payload Too Large: a body may hold ${maxBytes} bytes.`, {
    connection: "close",
  });
}

/** Reads a request's body, at most `maxBytes` of it, and checks it as `checkBody` does. */
export async function readBody(request: Request, maxBytes: number): Promise<ReadBody> {
  const refusal = unsupportedMediaType(request.headers.get("content-type"));
  if (refusal) return { refusal };
  const bytes = await readBytes(request, maxBytes);
  return bytes ? parseBody(bytes) : { refusal: bodyTooLarge(maxBytes) };
}

/** Parses a body already bounded in bytes: -32700 for what is not JSON, -32600 for what is not JSON-RPC. */
export function parseBody(bytes: Buffer): ReadBody {
  const text = decodeUtf8(bytes);
  if (text === undefined) return { refusal: parseError("The body is not UTF-8.") };
  try {
    return checkBody(parseJson(text));
  } catch (thrown) {
    return {
      refusal: parseError(thrown instanceof JsonRefused ? thrown.message : "The body is unreadable."),
    };
  }
}

function parseError(why: string): Response {
  return rpcErrorResponse(400, { code: PARSE_ERROR, message: `Parse error: ${why}`, id: null });
}

/** Checks the message, or each message of a batch. Which revisions allow batches is decided later. */
export function checkBody(value: unknown): ReadBody {
  const messages = Array.isArray(value) ? value : [value];
  const fault = messages.length === 0 ? envelopeFault(value) : firstFault(messages);
  if (!fault) return { value };
  // Of one request, as the SDK answers it.
  return { refusal: rpcErrorResponse(fault.code === INVALID_PARAMS ? 200 : 400, fault) };
}

function firstFault(messages: readonly unknown[]) {
  for (const message of messages) {
    const fault = envelopeFault(message);
    if (fault) return fault;
  }
  return undefined;
}
