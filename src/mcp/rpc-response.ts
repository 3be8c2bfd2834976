import type { RpcError } from "./envelope.ts";

/** Codes of the range JSON-RPC leaves to servers, for faults of the transport that have none of their own. */
export const transportFault = -32000;

/** An HTTP response whose body is a JSON-RPC error. */
export function rpcErrorResponse(
  status: number,
  { code, message, id }: RpcError,
  headers: Record<string, string> = {},
): Response {
  return Response.json({ jsonrpc: "2.0", id, error: { code, message } }, { status, headers });
}

/** The same for a fault found before any message was read. */
export function transportFaultResponse(
  status: number,
  message: string,
  headers?: Record<string, string>,
): Response {
  return rpcErrorResponse(status, { code: transportFault, message, id: null }, headers);
}
