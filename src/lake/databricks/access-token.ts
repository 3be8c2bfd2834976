import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { jsonIn } from "../../core/json-in.ts";
import type { DatabricksCredentials } from "../settings.ts";
import { readBounded } from "./bounded-body.ts";
import { notAuthenticated, restFault } from "./rest-faults.ts";
import { watchedFetch } from "./watched-fetch.ts";

/** Tokens for requests to one workspace. */
export interface AccessTokens {
  /** A token that holds for a while yet. Throws `denied` where the credentials are not taken, `unavailable`. */
  get(signal: AbortSignal): Promise<string>;
  /** Forgets the token, where another can be had. False where there is but this one. */
  renew(refused: string): boolean;
}

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() });
const maxAnswerBytes = 64 * 1024;
/** A token is not used in its last minute, or last tenth where it is short-lived. */
const marginMs = 60_000;

/**
 * The token of the settings, or one fetched for the service principal and kept until it is about to expire; calls
 * at once share one request. Source: Databricks "OAuth M2M", `POST /oidc/v1/token`.
 */
export function createAccessTokens(
  host: string,
  credentials: DatabricksCredentials,
  now: () => number,
  timeoutMs = 20_000,
): AccessTokens {
  if (credentials.kind === "token") return { get: async () => credentials.token, renew: () => false };
  let kept: { token: string; untilMs: number } | undefined;
  let flight: Promise<string> | undefined;
  const fetchToken = async () => {
    const found = await requestToken(host, credentials, timeoutMs);
    const lifeMs = found.expires_in * 1000;
    kept = {
      token: found.access_token,
      untilMs: now() + lifeMs - Math.min(marginMs, lifeMs / 10),
    };
    return found.access_token;
  };
  return {
    async get(signal) {
      signal.throwIfAborted();
      if (kept && now() < kept.untilMs) return kept.token;
      flight ??= fetchToken().finally(() => {
        flight = undefined;
      });
      return flight;
    },
    renew(refused) {
      if (kept?.token === refused) kept = undefined;
      return true;
    },
  };
}

async function requestToken(
  host: string,
  { clientId, clientSecret }: Extract<DatabricksCredentials, { kind: "m2m" }>,
  timeoutMs: number,
): Promise<z.output<typeof answer>> {
  const about = { about: "the token of lake.databricks.clientId", grant: "access to the workspace" };
  let response: Response;
  let body: string;
  try {
    response = await watchedFetch(`${host}/oidc/v1/token`, {
      method: "POST",
      redirect: "manual",
      headers: {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`,
        "content-type": "application/x-www-form-urlencoded",
      },
      body: "grant_type=client_credentials&scope=all-apis",
      signal: AbortSignal.timeout(timeoutMs),
    });
    body = (await readBounded(response, maxAnswerBytes)) ?? "";
  } catch (cause) {
    throw new ToolError("unavailable", "Databricks gives no token: it cannot be reached.", { cause });
  }
  if (response.status === 400 || response.status === 401) {
    throw notAuthenticated(new Error(`HTTP ${response.status} of /oidc/v1/token`));
  }
  if (response.status !== 200) throw restFault(response.status, body, about);
  const parsed = answer.safeParse(jsonIn(body));
  if (parsed.success) return parsed.data;
  throw new ToolError(
    "unavailable",
    "The host gives no token of the form Databricks gives. Check lake.databricks.host.",
    { cause: parsed.error, retryable: false },
  );
}
