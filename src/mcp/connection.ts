import type { LoggingLevel } from "@modelcontextprotocol/server";
import type { Principal } from "../core/principal.ts";
import type { CallLimits } from "./call-limits.ts";

/** `modern` is revision 2026-07-28 and later (stateless); `legacy` the revisions that begin with `initialize`. */
export type Era = "modern" | "legacy";

/** Who is at the other end, and what was agreed on: of one HTTP request, or one stdio connection. */
export interface Connection {
  era: Era;
  principal: Principal;
  /** W3C `traceparent` of the HTTP request, where there was one. */
  traceparent?: string | undefined;
  /** Legacy only: the level the client set, and where to keep it for the session's next request. */
  logLevel?: LoggingLevel | undefined;
  keepLogLevel?: ((level: LoggingLevel) => Promise<void>) | undefined;
  /**
   * HTTP only: takes what a call's limits have left, where they say something, for the head of an answer that did not begin
   * before. Told of each call: a request that no call comes of is told as refused otherwise.
   */
  tellLimits?: ((limits: CallLimits | undefined) => void) | undefined;
}
