import type { Dependency } from "../../adapters/http/health.ts";
import { type Breakers, serviceName } from "../../resilience/breakers.ts";

/** The services that were called, as ready: a server that one of them fails still answers for the others. */
export function checkServices(breakers: Breakers): Dependency[] {
  return breakers.reports().map(({ state, retryAfterMs, ...target }) => {
    const name = serviceName(target);
    if (state === "closed") return { name, ready: true };
    const detail =
      state === "open" ? `cut off, tried again in ${Math.ceil(retryAfterMs / 1000)} s` : "being tried again";
    return { name, ready: true, detail };
  });
}
