import type { ServiceTarget } from "../core/service-guard.ts";
import type { Log } from "./log.ts";

/** Logs one line where a service is cut off, tried again, and called as before. */
export function createBreakerLog(log: Log): (target: ServiceTarget, state: string) => void {
  return ({ service, region, account, role }, state) => {
    const fields = {
      service,
      region,
      ...(account === undefined ? {} : { account }),
      ...(role === undefined ? {} : { role }),
      state,
    };
    if (state === "open") log.warn("service cut off", fields);
    else log.info("breaker changed", fields);
  };
}
