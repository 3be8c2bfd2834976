import { METHOD_NOT_FOUND } from "@modelcontextprotocol/server";
import { isRecord } from "../core/record.ts";
import { idOf } from "./envelope.ts";
import { rpcErrorResponse, transportFault } from "./rpc-response.ts";

/** The refusal of what would outlive its request, where a process serves requests only. */
export function refuseLasting(message: unknown, isLegacy: boolean): Response | undefined {
  const id = idOf(message);
  if (isLegacy) {
    return rpcErrorResponse(400, {
      code: transportFault,
      message: "This server keeps no sessions: it speaks MCP 2026-07-28 alone, where each request is whole.",
      id,
    });
  }
  if (!isRecord(message) || message.method !== "subscriptions/listen") return undefined;
  return rpcErrorResponse(404, {
    code: METHOD_NOT_FOUND,
    message: "This server keeps no streams open. Ask for the lists again instead.",
    id,
  });
}
