import { parseDurationMs, QuantityError } from "../../config/quantities.ts";
import { UsageError } from "../frame/usage-error.ts";

/**
 * A moment as users write it, in milliseconds since the epoch: ISO 8601 (without a zone it is UTC), or how long ago, such as
 * `24h`. Throws `UsageError`.
 */
export function parseMoment(flag: string, text: string, nowMs: number): number {
  if (/^\d{4}-\d\d-\d\d/.test(text)) {
    const hasZone = /(z|[+-]\d\d:?\d\d)$/i.test(text);
    const ms = Date.parse(text.length === 10 || hasZone ? text : `${text}Z`);
    if (!Number.isNaN(ms)) return ms;
  }
  try {
    return nowMs - parseDurationMs(text);
  } catch (thrown) {
    if (!(thrown instanceof QuantityError)) throw thrown;
    throw new UsageError(
      `--${flag}: "${text}" is neither a time such as 2026-11-25T10:00:00Z nor a span such as 24h.`,
    );
  }
}
