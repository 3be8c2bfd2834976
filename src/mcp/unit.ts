import type { LoggingLevel } from "@modelcontextprotocol/server";
import type { CallPath } from "../core/call.ts";
import type { Principal } from "../core/principal.ts";
import type { Surface } from "./surface.ts";

/** `modern` is revision 2026-07-28 and later (stateless); `legacy` the revisions that begin with `initialize`. */
export type Era = "modern" | "legacy";

/**
 * What one SDK server instance serves: one HTTP request, or one stdio connection. It belongs to one caller and
 * is never shared between two.
 */
export interface ServingUnit {
  era: Era;
  calls: CallPath;
  surface: Surface;
  principal: Principal;
  /** Set where whoever sends the answer of tools/list puts the tools into its text. */
  toolsFilledIn?: boolean;
  /** W3C `traceparent` of the HTTP request, where there was one. */
  traceparent?: string | undefined;
  /** Legacy only: the level the client set, and where to keep it for the session's next request. */
  logLevel?: LoggingLevel | undefined;
  keepLogLevel?: ((level: LoggingLevel) => Promise<void>) | undefined;
}
