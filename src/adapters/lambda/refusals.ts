import { parseBody } from "../../mcp/body.ts";
import { idOf } from "../../mcp/envelope.ts";
import { rpcErrorResponse, transportFault } from "../../mcp/rpc-response.ts";
import { problem } from "../http/problem.ts";
import type { GatewayRequest } from "./event.ts";

/** A fault of the function's bounds, in words that begin with its code. */
export interface BoundFault {
  code: "too_large" | "timeout";
  status: number;
  message: string;
}

/**
 * In place of an answer that cannot be given. To MCP it is the error of that very request, with status 200, as clients
 * drop the body of any other.
 */
export function refusalOf({ path, body }: GatewayRequest, { code, status, message }: BoundFault): Response {
  if (path !== "/mcp") return problem({ status, detail: message, more: { code } });
  const id = body === undefined ? null : idOf(parseBody(Buffer.from(body)).value);
  const error = { code: transportFault, message: `${code}: ${message}`, id };
  return rpcErrorResponse(id === null ? status : 200, error);
}
