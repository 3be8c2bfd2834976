/** The closed set of codes a tool fault carries. Programs may switch on them; none is added lightly. */
export const errorCodes = [
  "invalid_input",
  "not_found",
  "denied",
  "conflict",
  "throttled",
  "timeout",
  "too_large",
  "unavailable",
  "changed",
  "unsupported",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Codes for which the same call may succeed later without being changed. */
const retryableCodes: ReadonlySet<ErrorCode> = new Set(["throttled", "timeout", "unavailable", "changed"]);

export interface ToolErrorOptions {
  /** What happened underneath. Logged, never shown to the agent. */
  cause?: unknown;
  /** Facts a program can act on: `{retryAfterMs: 1200}`. Shown to the agent, so never a secret or a server path. */
  details?: Record<string, unknown>;
  /** Overrides what the code says. */
  retryable?: boolean;
}

/**
 * The one error a handler throws on purpose. Its message reaches the agent: say what is wrong, with which
 * value, and what to do. Anything else that is thrown reaches the agent as a bare `internal`.
 */
export class ToolError extends Error {
  readonly code: ErrorCode;
  readonly details: Record<string, unknown>;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ToolError";
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? retryableCodes.has(code);
  }
}

/** A tool fault as callers see it: the structured content of an `isError` result. */
export interface ToolFault {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  details: Record<string, unknown>;
  correlationId: string;
}

/** The fault for anything thrown. What is not a `ToolError` says nothing of itself but its correlation id. */
export function toFault(thrown: unknown, correlationId: string): ToolFault {
  if (thrown instanceof ToolError) {
    const { code, retryable } = thrown;
    return {
      code,
      message: boundMessage(thrown.message),
      retryable,
      details: boundDetails(thrown.details),
      correlationId,
    };
  }
  if (isOutOfFiles(thrown)) {
    return {
      code: "unavailable",
      message: "The server has as many files open as the system lets it. Try again in a moment.",
      retryable: true,
      details: {},
      correlationId,
    };
  }
  return {
    code: "internal",
    message: `Sluice failed inside. Its log has the reason under correlation id ${correlationId}.`,
    retryable: false,
    details: {},
    correlationId,
  };
}

/** Opening anything can meet this, and it passes: what the other calls hold open is given back as they end. */
function isOutOfFiles(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return (
    ("code" in thrown && (thrown.code === "EMFILE" || thrown.code === "ENFILE")) || isOutOfFiles(thrown.cause)
  );
}

/** Faults quote what callers sent, which can be megabytes. */
const maxMessageChars = 2_000;
const maxDetailsChars = 4_000;

function boundMessage(message: string): string {
  if (message.length <= maxMessageChars) return message;
  return `${message.slice(0, maxMessageChars)}… (${message.length - maxMessageChars} characters more)`;
}

function boundDetails(details: Record<string, unknown>): Record<string, unknown> {
  const sizeChars = JSON.stringify(details).length;
  return sizeChars <= maxDetailsChars ? details : { omitted: `${sizeChars} characters of details` };
}
