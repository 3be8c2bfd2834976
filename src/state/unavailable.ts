import { ToolError } from "../core/errors.ts";

/** How soon to come back to a store that did not answer. */
const retryAfterMs = 1_000;

/** Runs one request to a store. What it throws becomes `unavailable`, with the reason in `cause` alone. */
export async function answered<T>(kind: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (cause) {
    throw storeUnavailable(`The state store (${kind}) does not answer. Try again.`, cause);
  }
}

/** Whoever needs the store must not go on without it. */
export function storeUnavailable(
  message: string,
  cause?: unknown,
  details: ToolError["details"] = { retryAfterMs },
): ToolError {
  return new ToolError("unavailable", message, { cause, details });
}

/** Others changed the same item at each attempt. */
export function contended(kind: string): ToolError {
  return storeUnavailable(`Too many at once change the same item of the state store (${kind}). Try again.`);
}
