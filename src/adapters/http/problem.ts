import type { ErrorCode, ToolFault } from "../../core/errors.ts";
import type { Allowance } from "../../core/steps.ts";
import { limitHeaders } from "./limit-headers.ts";

const statusOf: Record<ErrorCode, number> = {
  invalid_input: 400,
  not_found: 404,
  denied: 403,
  conflict: 409,
  throttled: 429,
  timeout: 504,
  too_large: 413,
  unavailable: 503,
  changed: 409,
  unsupported: 422,
  internal: 500,
};

const titles: Record<number, string> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** A fault as RFC 9457 has it: `detail` is for people, `more` are members beside the standard ones. */
export interface Problem {
  status: number;
  detail: string;
  headers?: Record<string, string>;
  /** Members beside those of RFC 9457. */
  more?: Record<string, unknown>;
}

/** An `application/problem+json` response. Source: RFC 9457. */
export function problem({ status, detail, headers = {}, more = {} }: Problem): Response {
  const body = { type: "about:blank", title: titles[status] ?? "Error", status, detail, ...more };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/**
 * A tool's fault as a problem: its code picks the status, `details.retryAfterMs` becomes Retry-After, and what the
 * caller's limits have left the RateLimit headers.
 */
export function faultProblem(fault: ToolFault, allowances?: readonly Allowance[]): Response {
  const { code, message, retryable, details, correlationId } = fault;
  const { retryAfterMs: given } = details;
  const retryAfterMs = typeof given === "number" ? given : undefined;
  const headers = limitHeaders({ allowances, retryAfterMs });
  return problem({
    status: statusOf[code],
    detail: message,
    headers,
    more: { code, retryable, details, correlationId },
  });
}
