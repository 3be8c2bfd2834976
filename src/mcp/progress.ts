import type { ServerContext } from "@modelcontextprotocol/server";
import type { Progress } from "../core/tool.ts";

/** Least time between two progress notifications of one call. */
const minGapMs = 100;

export interface ProgressSender {
  report(update: Progress): void;
  /** Sends what was held back. To be awaited before the result, so that the last word is not lost. */
  flush(): Promise<void>;
}

/**
 * Turns a handler's progress into notifications/progress, for a caller that sent a token. A handler may report
 * as often as it likes: what comes too fast is held back and the newest goes out. Values that do not rise are
 * dropped, as the specification has it. Undefined when the caller sent no token.
 */
export function createProgressSender(context: ServerContext, now: () => number): ProgressSender | undefined {
  const token = context.mcpReq._meta?.progressToken;
  if (token === undefined) return undefined;
  let held: Progress | undefined;
  let sentDone = Number.NEGATIVE_INFINITY;
  let sentAtMs = Number.NEGATIVE_INFINITY;
  let sending = Promise.resolve();
  const send = ({ done, total, message }: Progress) => {
    held = undefined;
    sentDone = done;
    sentAtMs = now();
    const params = {
      progressToken: token,
      progress: done,
      ...(total !== undefined && { total }),
      ...(message !== undefined && { message }),
    };
    // A client that has gone must not fail the call it left; the transport's close cancels that.
    sending = context.mcpReq.notify({ method: "notifications/progress", params }).catch(() => {});
  };
  return {
    report(update) {
      if (update.done <= (held?.done ?? sentDone)) return;
      if (now() - sentAtMs < minGapMs) held = update;
      else send(update);
    },
    async flush() {
      if (held) send(held);
      await sending;
    },
  };
}
