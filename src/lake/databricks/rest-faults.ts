import { z } from "zod";
import { type ErrorCode, ToolError } from "../../core/errors.ts";
import { escapeCharacters } from "../../core/escape.ts";

/** What a request was about, for messages. */
export interface RestSubject {
  /** Such as `the table "main.sales.orders"`. */
  about: string;
  /** What to grant where it is refused: `SELECT on it, USE SCHEMA and USE CATALOG`. */
  grant: string;
}

const errorBody = z.object({
  error_code: z.union([z.string(), z.number()]).optional(),
  message: z.string().optional(),
});

/** Words of error codes that say more than the status they come with. Source: Databricks SDKs, error mapping. */
const codeOfWord: Record<string, ErrorCode> = {
  RESOURCE_DOES_NOT_EXIST: "not_found",
  NOT_FOUND: "not_found",
  TABLE_DOES_NOT_EXIST: "not_found",
  SCHEMA_DOES_NOT_EXIST: "not_found",
  CATALOG_DOES_NOT_EXIST: "not_found",
  PERMISSION_DENIED: "denied",
  UNAUTHENTICATED: "denied",
  RESOURCE_EXHAUSTED: "throttled",
  REQUEST_LIMIT_EXCEEDED: "throttled",
  TEMPORARILY_UNAVAILABLE: "unavailable",
};

const codeOfStatus: Record<number, ErrorCode> = {
  400: "invalid_input",
  403: "denied",
  404: "not_found",
  409: "conflict",
  413: "too_large",
  429: "throttled",
  501: "unsupported",
  504: "timeout",
};

/** A refusal of Databricks' API as a `ToolError`. `body` is its answer, which may be anything. */
export function restFault(
  status: number,
  body: string,
  { about, grant }: RestSubject,
  retryAfterMs?: number,
): ToolError {
  const { word, message } = readBody(body);
  const cause = new Error(`HTTP ${status} ${word}: ${message}`);
  if (status === 401) return notAuthenticated(cause);
  const code = codeOfWord[word] ?? codeOfStatus[status] ?? (status >= 500 ? "unavailable" : "internal");
  const details = {
    status,
    ...(word === "" ? {} : { errorCode: word }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return new ToolError(code, sentence(code, status, about, grant, message), { cause, details });
}

export function notAuthenticated(cause: unknown): ToolError {
  return new ToolError(
    "denied",
    "Databricks does not take this server's credentials (401). Renew lake.databricks.token, or check lake.databricks.clientId and clientSecret; sluice doctor tries them.",
    { cause, details: { status: 401 } },
  );
}

function sentence(code: ErrorCode, status: number, about: string, grant: string, message: string): string {
  if (code === "denied") {
    return `Databricks does not let this server's principal reach ${about} (${status}). Grant it ${grant}.`;
  }
  if (code === "not_found") {
    return `${capital(about)} does not exist in Databricks, or this server's principal may not see it. Check the name, or grant it ${grant}.`;
  }
  if (code === "throttled") return `Databricks asks to slow down (${status}) at ${about}. Try again later.`;
  if (code === "unavailable" || code === "timeout") {
    return `Databricks cannot answer for ${about} at present (${status}). Try again in a moment.`;
  }
  return `Databricks refuses ${about} (${status})${message === "" ? "" : `: ${quoteWords(message)}`}.`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function readBody(body: string): { word: string; message: string } {
  try {
    const parsed = errorBody.safeParse(JSON.parse(body));
    if (!parsed.success) return { word: "", message: "" };
    return { word: String(parsed.data.error_code ?? ""), message: parsed.data.message ?? "" };
  } catch {
    return { word: "", message: "" };
  }
}

/** Another system's words inside a message: quoted, the first line, at most 300 characters, nothing that steers a terminal. */
export function quoteWords(words: string): string {
  const [line = ""] = words.trim().split(/\r?\n/);
  const shown = line.length > 300 ? `${line.slice(0, 299)}…` : line;
  return `"${escapeCharacters(shown, /[\p{Cf}\p{Cc}\u2028\u2029]/gu)}"`;
}
