import type { TurnedAway } from "../../adapters/http/turned-away.ts";
import type { Deps } from "../../assemble.ts";
import { correlationIdOf } from "../../core/trace-context.ts";

/** Logs and records what happens to HTTP requests outside any call. */
export interface OutsideCalls {
  onTurnedAway(request: TurnedAway): void;
  onError(error: unknown, traceparent: string | undefined): void;
}

/** Each line and record has a correlation id. */
export function tellOutsideCalls(deps: Pick<Deps, "log" | "calls" | "audit">): OutsideCalls {
  const { log, calls } = deps;
  return {
    onTurnedAway({ method = "", path, code, reason, traceparent }) {
      const correlationId = correlationIdOf(traceparent, calls.newId);
      log.warn("request refused", { method, path, outcome: code, reason, correlationId });
      deps.audit?.callerRefused({ kind: code, reason, method, path, correlationId });
    },
    onError(error, traceparent) {
      log.error("http fault", { error, correlationId: correlationIdOf(traceparent, calls.newId) });
    },
  };
}
