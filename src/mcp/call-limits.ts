import type { CallResult } from "../core/call.ts";
import type { Allowance } from "../core/steps.ts";
import type { Connection } from "./connection.ts";

/** What a caller's limits have left after a call, and when to come back where it was told to. Milliseconds. */
export interface CallLimits {
  allowances?: readonly Allowance[] | undefined;
  retryAfterMs?: number | undefined;
}

/** Tells whoever wants to know of a call what it has to say of limits. */
export function tellLimits({ tellLimits: tell }: Pick<Connection, "tellLimits">, result: CallResult): void {
  tell?.(limitsOf(result));
}

function limitsOf(result: CallResult): CallLimits | undefined {
  if (result.kind === "unknown_tool") return undefined;
  const { allowances } = result;
  const given = result.kind === "failed" ? result.fault.details.retryAfterMs : undefined;
  const retryAfterMs = typeof given === "number" ? given : undefined;
  return allowances || retryAfterMs !== undefined ? { allowances, retryAfterMs } : undefined;
}
