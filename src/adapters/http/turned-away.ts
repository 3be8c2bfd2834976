import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "../../core/errors.ts";

/** A request that is turned away whoever sent it: by the host or origin it names, or as the server stops. */
export interface TurnedAway {
  method: string | undefined;
  /** Of the URL, without its query; at most 200 characters. */
  path: string;
  code: ErrorCode;
  reason: string;
  /** As the request has it, unchecked. */
  traceparent: string | undefined;
}

export type TellTurnedAway = (request: TurnedAway) => void;

/** Of a URL as a request line has it. */
export function pathOf(url = ""): string {
  return (url.split("?")[0] ?? "").slice(0, 200);
}

/** What is told of a request of Node's server, whatever was wrong with it. */
export function toldOf({
  method,
  url,
  headers,
}: Pick<IncomingMessage, "method" | "url" | "headers">): Pick<TurnedAway, "method" | "path" | "traceparent"> {
  return { method, path: pathOf(url), traceparent: traceparentOf({ headers }) };
}

/** A `traceparent` header of Node's request: one given twice is none. Source: W3C Trace Context, section 3.2. */
export function traceparentOf({ headers }: { headers: NodeJS.Dict<string | string[]> }): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === "string" ? traceparent : undefined;
}
