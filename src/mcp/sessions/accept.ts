import { transportFaultResponse } from "../rpc-response.ts";

const json = "application/json";
const eventStream = "text/event-stream";

/** A POST's client must take both forms of an answer. Source: MCP, "Sending Messages to the Server". */
export function refuseUnlessAcceptsAnswers({ headers }: Request): Response | undefined {
  return refuseUnless(headers, [json, eventStream]);
}

export function refuseUnlessAcceptsStream({ headers }: Request): Response | undefined {
  return refuseUnless(headers, [eventStream]);
}

function refuseUnless(headers: Headers, types: readonly string[]): Response | undefined {
  const accept = headers.get("accept") ?? "";
  if (types.every((type) => accept.includes(type))) return undefined;
  return transportFaultResponse(406, `Not Acceptable: the client must accept ${types.join(" and ")}.`);
}
