/** Response headers a browser needs so that a page of an allowed origin may read the answer. */
export type CorsHeaders = Record<string, string>;

const exposed =
  "mcp-session-id, mcp-protocol-version, www-authenticate, retry-after, ratelimit, ratelimit-policy, x-correlation-id";

/**
 * For a request that passed the guard: its origin, if it has one, is an allowed one. No credentials of the
 * browser are ever accepted. Source: Fetch standard, "HTTP extensions"; MCP, "Streamable HTTP".
 */
export function corsHeaders(origin: string | null | undefined): CorsHeaders {
  if (!origin) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposed,
    vary: "origin",
  };
}

/** Whether a browser asks if it may send a request, rather than sends one. */
export function isPreflight({ headers }: Request): boolean {
  return headers.has("origin") && headers.has("access-control-request-method");
}

/** The answer to a browser that asks whether it may send a request. */
export function preflightResponse(request: Request): Response {
  const asked = request.headers.get("access-control-request-headers");
  return new Response(null, {
    status: 204,
    headers: {
      ...corsHeaders(request.headers.get("origin")),
      "access-control-allow-methods": "GET, POST, DELETE",
      ...(asked !== null && { "access-control-allow-headers": asked }),
      "access-control-max-age": "600",
    },
  });
}
