import { setTimeout as wait } from "node:timers/promises";
import type { Authenticator } from "../../auth/authenticator.ts";
import type { IamCaller, Refusal } from "../../auth/mode.ts";
import type { Principal } from "../../core/principal.ts";
import { correlationIdOf } from "../../core/trace-context.ts";
import { transportFaultResponse } from "../../mcp/rpc-response.ts";
import type { Log } from "../../telemetry/log.ts";
import { type Acceptance, acceptance, type Challenge, challengeHeader } from "./challenge.ts";
import type { ClientCertificates } from "./client-certificate.ts";
import { problem } from "./problem.ts";
import { pathOf } from "./turned-away.ts";

export interface IdentityOptions extends Challenge {
  authenticator: Authenticator;
  log: Log;
  newId(): string;
  /** Default: connections have none. */
  certificates?: ClientCertificates | undefined;
  /** Who signed a request, by a gateway that checked it. Default: nobody. */
  iamCallerOf?: ((request: Request) => IamCaller | undefined) | undefined;
  /** Told of each caller whose credentials are not accepted. */
  onRefused?: ((caller: RefusedCaller) => void) | undefined;
  /** No refusal is answered sooner, so that the time does not tell what was wrong. Default 50 ms. */
  refusalMs?: number;
}

/** A caller whose credentials are not accepted, as an audit may have it. */
export type RefusedCaller = Pick<Refusal, "kind" | "reason" | "via"> & {
  method: string;
  path: string;
  /** Of the caller's trace, else a new one. */
  correlationId: string;
};

/** The principal of a request, or the response that turns it away: for `McpFront.authenticate`. */
export type Identify = (request: Request) => Promise<Principal | Response>;

/** Asks the authenticator, logs whom it refuses, and answers them alike whatever was wrong. */
export function createIdentify(options: IdentityOptions): Identify {
  const { authenticator, certificates, iamCallerOf, refusalMs = 50 } = options;
  return async (request) => {
    const startedMs = performance.now();
    const { method, url, headers } = request;
    const certificate = certificates?.of(request);
    const iam = iamCallerOf?.(request);
    const { principal, refusal } = await authenticator({ method, url, headers, certificate, iam });
    if (principal) return principal;
    record(options, refusal, request);
    await wait(Math.max(0, refusalMs - (performance.now() - startedMs)));
    return refusalResponse(refusal, options, request);
  };
}

/** A caller with no credentials mostly is a client that asks where to get some. */
function record(
  { log, newId, onRefused }: IdentityOptions,
  { kind, via, reason, cause }: Refusal,
  { method, url, headers }: Request,
): void {
  const correlationId = correlationIdOf(headers.get("traceparent"), newId);
  const path = pathOf(new URL(url).pathname);
  const caller = { kind, via, reason, method, path, correlationId };
  if (kind === "missing") {
    log.info("caller refused", { ...caller, error: cause });
    return;
  }
  log.warn("caller refused", { ...caller, error: cause });
  onRefused?.({ kind, reason, method, path, ...(via && { via }), correlationId });
}

function refusalResponse({ kind, via }: Refusal, challenge: Challenge, request: Request): Response {
  switch (kind) {
    case "missing": {
      const headers = { "www-authenticate": challengeHeader(challenge, request) };
      return respond(request, 401, "Credentials are missing.", headers, acceptance(challenge, request));
    }
    case "invalid": {
      // Of whom a key was refused, no token was.
      const error = via === undefined || via === "jwt" ? "invalid_token" : undefined;
      const headers = { "www-authenticate": challengeHeader(challenge, request, error) };
      const detail = "The credentials are not accepted.";
      return respond(request, 401, detail, headers, acceptance(challenge, request));
    }
    case "insufficient_scope":
      return respond(request, 403, "The token lacks a scope this server asks for.", {
        "www-authenticate": challengeHeader(challenge, request, "insufficient_scope"),
      });
    case "unavailable":
      return respond(request, 503, "Credentials cannot be checked now. Try again.", { "retry-after": "5" });
  }
}

function respond(
  request: Request,
  status: number,
  detail: string,
  headers: Record<string, string>,
  more?: Acceptance,
): Response {
  return new URL(request.url).pathname === "/mcp"
    ? transportFaultResponse(status, detail, headers, more)
    : problem({ status, detail, headers, ...(more && { more: { ...more } }) });
}
