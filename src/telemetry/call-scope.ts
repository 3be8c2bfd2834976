import { AsyncLocalStorage } from "node:async_hooks";
import type { Call, Observer } from "../core/steps.ts";
import type { Log } from "./log.ts";

/** Ties what is logged while a call runs to that call, however deep below it. */
export interface CallScope extends Required<Pick<Observer, "around">> {
  /** Adds `correlationId` and `tool` to the lines of this log that are written during a call, whatever they name. */
  during(log: Log): Log;
}

/** Follows calls through everything they await. What outlives them, such as the audit's relays, needs a log without. */
export function createCallScope(): CallScope {
  const running = new AsyncLocalStorage<Call>();
  const fieldsNow = () => {
    const call = running.getStore();
    return call && { tool: call.tool.name, correlationId: call.correlationId };
  };
  return {
    around: (call, work) => running.run(call, work),
    during(log) {
      const at =
        (severity: keyof Log): Log[typeof severity] =>
        (event, fields) =>
          log[severity](event, { ...fields, ...fieldsNow() });
      return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
    },
  };
}
