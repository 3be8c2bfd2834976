import type { Principal } from "../../core/principal.ts";
import { problem } from "./problem.ts";

/** The metrics, and who may read them. */
export interface ReadableMetrics {
  read(): Promise<{ contentType: string; text: string }>;
  /** Holders of one of these. Left out: whoever may call. */
  roles?: readonly string[];
}

/** `GET /metrics`: they are sums over all tenants, so a caller's own right to call is not enough. */
export async function metricsResponse(
  { read, roles }: ReadableMetrics,
  principal: Principal,
): Promise<Response> {
  if (roles && !principal.roles.some((role) => roles.includes(role)))
    return problem({
      status: 403,
      detail: "The metrics are for the roles of telemetry.metricsRoles, and you have none of them.",
    });
  const { contentType, text } = await read();
  return new Response(text, { headers: { "content-type": contentType, "cache-control": "no-store" } });
}
