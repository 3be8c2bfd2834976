import type { RpcError } from "./envelope.ts";

/** Codes of the range JSON-RPC leaves to servers, for faults of the transport that have none of their own. */
export const transportFault = -32000;

/** An HTTP response whose body is a JSON-RPC error. */
export function rpcErrorResponse(
  status: number,
  { code, message, id, data }: RpcError,
  headers: Record<string, string> = {},
): Response {
  const error = { code, message, ...(data !== undefined && { data }) };
  return Response.json({ jsonrpc: "2.0", id, error }, { status, headers });
}

/** The same for a fault found before any message was read. */
export function transportFaultResponse(
  status: number,
  message: string,
  headers?: Record<string, string>,
  data?: unknown,
): Response {
  return rpcErrorResponse(status, { code: transportFault, message, id: null, data }, headers);
}
