import type { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { type ServiceGuard, unguardedServices } from "../../core/service-guard.ts";
import { orStopped, pause, stopError } from "../stores/stopped.ts";
import type { AccessTokens } from "./access-token.ts";
import { readBounded } from "./bounded-body.ts";
import { type RestSubject, restFault } from "./rest-faults.ts";
import { watchedFetch } from "./watched-fetch.ts";

export interface RestRequest<S extends z.ZodType> extends RestSubject {
  method: "GET" | "POST";
  /** Below the host, its parts already encoded. */
  path: string;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  answer: S;
  /** Default: 4 MB. */
  maxBytes?: number;
}

/** Speaks to one workspace. Everything it throws is a `ToolError`. */
export interface Rest {
  /**
   * The answer, checked. Sent again, a few times and while the retry budget lasts, where Databricks asks to wait or a GET met
   * a broken connection. Nothing above it does so.
   */
  send<S extends z.ZodType>(request: RestRequest<S>, signal: AbortSignal): Promise<z.output<S>>;
}

export interface RestOptions {
  host: string;
  tokens: AccessTokens;
  /** For one answer, its body included. */
  timeoutMs?: number;
  /** Most of the first pause where Databricks names none; doubled each time. */
  pauseMs?: number;
  /** What the workspace is cut off by while it fails, and what retries are paid out of. */
  guard?: ServiceGuard;
  /** From 0 up to and without 1. Spreads pauses, so that not all come back at once. */
  random?: () => number;
  now(): number;
}

const maxAttempts = 4;
/** A longer wait is the caller's to decide on. */
const longestPauseMs = 20_000;
/** Who leaves a request that had no answer for so long leaves a workspace that hangs; it holds no answer back longer than 5 s. */
const hangsAfterMs = 20_000;
const defaultMaxBytes = 4 * 1024 * 1024;

interface Reply {
  status: number;
  body: string | undefined;
  retryAfterMs: number | undefined;
}

type Connection = Required<Pick<RestOptions, "host" | "timeoutMs" | "now">>;

/** How long an attempt has had no answer; 0 where there is none under way, as between two. Milliseconds. */
interface Waiting {
  begin(): void;
  end(): void;
  forMs(): number;
}

function createWaiting(): Waiting {
  let sinceMs: number | undefined;
  return {
    begin: () => {
      sinceMs = performance.now();
    },
    end: () => {
      sinceMs = undefined;
    },
    forMs: () => (sinceMs === undefined ? 0 : performance.now() - sinceMs),
  };
}

/** A request that reached no answer; `cause` says why. */
class BrokenConnection extends Error {}

export function createRest({
  host,
  tokens,
  timeoutMs = 60_000,
  pauseMs = 500,
  guard = unguardedServices,
  random = Math.random,
  now,
}: RestOptions): Rest {
  const target = { service: "databricks", region: new URL(host).host };
  const retries = guard.retries(target);
  const connection: Connection = { host, timeoutMs, now };
  return {
    send(request, signal) {
      const waiting = createWaiting();
      return guard.run(target, {
        send: () => sendRetrying(request, signal, waiting),
        ...{ signal, hangsAfterMs, unansweredMs: waiting.forMs, isFailure: isWorkspaceFault },
      });
    },
  };

  async function sendRetrying<S extends z.ZodType>(
    request: RestRequest<S>,
    signal: AbortSignal,
    waiting: Waiting,
  ) {
    let isRenewed = false;
    for (let tried = 1; ; tried++) {
      const token = await orStopped(tokens.get(signal), signal);
      const reply = await attempt(connection, request, token, signal, waiting);
      const isAnswer = !(reply instanceof BrokenConnection);
      if (isAnswer && reply.status >= 200 && reply.status < 300) {
        retries.succeeded(tried > 1);
        return parseReply(request, reply);
      }
      if (isAnswer && reply.status === 401 && !isRenewed && tokens.renew(token)) {
        isRenewed = true;
        continue;
      }
      const waitMs = pauseAfter(reply, tried);
      const mayRetry = mayPass(request, reply) && tried < maxAttempts && waitMs <= longestPauseMs;
      if (!mayRetry || !retries.take()) throw isAnswer ? faultOf(request, reply) : unreachable(reply.cause);
      await pause(waitMs, signal);
    }
  }

  /** No sooner than Databricks asks, and not all at the same moment. */
  function pauseAfter(reply: Reply | BrokenConnection, tried: number): number {
    const askedMs = reply instanceof BrokenConnection ? undefined : reply.retryAfterMs;
    const spreadMs = askedMs === undefined ? pauseMs * 2 ** (tried - 1) : pauseMs;
    return (askedMs ?? 0) + random() * spreadMs;
  }
}

/** Throws `timeout`, and what stopped it. */
async function attempt(
  { host, timeoutMs, now }: Connection,
  request: RestRequest<z.ZodType>,
  token: string,
  signal: AbortSignal,
  waiting: Waiting,
): Promise<Reply | BrokenConnection> {
  const limit = AbortSignal.timeout(timeoutMs);
  waiting.begin();
  try {
    const reply = await exchange(host, request, token, AbortSignal.any([signal, limit]), now);
    waiting.end();
    return reply;
  } catch (cause) {
    // Who left, left it waiting.
    if (signal.aborted) throw stopError(signal);
    waiting.end();
    if (!limit.aborted) return new BrokenConnection("no answer", { cause });
    throw new ToolError("timeout", `Databricks did not answer for ${request.about} within ${timeoutMs} ms.`, {
      cause,
    });
  }
}

/** A write that met a broken connection may have been taken. */
function mayPass({ method }: RestRequest<z.ZodType>, reply: Reply | BrokenConnection): boolean {
  if (reply instanceof BrokenConnection) return method === "GET";
  return reply.status === 429 || reply.status === 503;
}

/** No answer, or one that says that the workspace fails; not that it asks to slow down. */
function isWorkspaceFault(thrown: unknown): boolean {
  return thrown instanceof ToolError && thrown.retryable && ["unavailable", "timeout"].includes(thrown.code);
}

async function exchange(
  host: string,
  { method, path, query, body, maxBytes = defaultMaxBytes }: RestRequest<z.ZodType>,
  token: string,
  signal: AbortSignal,
  now: () => number,
): Promise<Reply> {
  const search = query ? `?${new URLSearchParams(query)}` : "";
  const response = await watchedFetch(`${host}${path}${search}`, {
    method,
    // The token is for this host: it must not travel on.
    redirect: "manual",
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/json",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal,
  });
  const text = await readBounded(response, maxBytes);
  return {
    status: response.status,
    body: text,
    retryAfterMs: readRetryAfter(response.headers.get("retry-after"), now),
  };
}

/** `Retry-After` in seconds or as a date. Source: RFC 9110, section 10.2.3. */
function readRetryAfter(header: string | null, now: () => number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - now());
}

function parseReply<S extends z.ZodType>(request: RestRequest<S>, { body }: Reply): z.output<S> {
  const { about, answer, maxBytes = defaultMaxBytes } = request;
  if (body === undefined) {
    throw new ToolError(
      "too_large",
      `Databricks' answer for ${about} is larger than ${maxBytes} bytes. Ask for less.`,
      { details: { maxBytes } },
    );
  }
  try {
    return answer.parse(JSON.parse(body));
  } catch (cause) {
    throw new ToolError(
      "unavailable",
      `The answer for ${about} is not of the form Databricks' API gives. Check lake.databricks.host.`,
      { cause, retryable: false },
    );
  }
}

function faultOf(request: RestRequest<z.ZodType>, reply: Reply): ToolError {
  if (reply.status < 300 || reply.status >= 400) {
    return restFault(reply.status, reply.body ?? "", request, reply.retryAfterMs);
  }
  return new ToolError(
    "unavailable",
    `Databricks sends requests on to another address (${reply.status}), which is not followed. Set lake.databricks.host to the workspace's own address.`,
    { retryable: false },
  );
}

function unreachable(cause: unknown): ToolError {
  return new ToolError(
    "unavailable",
    "Databricks cannot be reached. Check the network and lake.databricks.host.",
    { cause },
  );
}
