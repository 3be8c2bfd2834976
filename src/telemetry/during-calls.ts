import { callUnderWay } from "../core/service-calls.ts";
import type { Log } from "./log.ts";

/**
 * Adds `correlationId` and `tool` to the lines of a log that are written while a call runs, however deep below it, whatever
 * they name. What outlives calls, such as the audit's relays, needs a log without.
 */
export function duringCalls(log: Log): Log {
  const fieldsNow = () => {
    const call = callUnderWay();
    return call && { tool: call.tool.name, correlationId: call.correlationId };
  };
  const at =
    (severity: keyof Log): Log[typeof severity] =>
    (event, fields) =>
      log[severity](event, { ...fields, ...fieldsNow() });
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}
