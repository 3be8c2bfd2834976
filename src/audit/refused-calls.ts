import { type GatheredRefusals, type GatheringClocks, gatherRefusals } from "../core/gathered-refusals.ts";
import type { Log } from "../telemetry/log.ts";
import { callerOf } from "./record/call-fields.ts";
import type { RecordWriter } from "./record-writer.ts";

export interface RefusedCallsOptions extends GatheringClocks {
  writer: Pick<RecordWriter, "keep">;
  log: Log;
}

/** Gathers a caller's refused calls beyond some a minute and result into one record, which says how many they were. */
export function createRefusedCalls({ writer, log, ...clocks }: RefusedCallsOptions): GatheredRefusals {
  return gatherRefusals(({ principal, result, leftOut, sinceMs, tools }) => {
    const record = {
      kind: "refused" as const,
      time: new Date(clocks.now()).toISOString(),
      ...callerOf(principal),
      result,
      leftOut,
      since: new Date(sinceMs).toISOString(),
      // The tools are known ones, so their names are few.
      ...(tools.size > 0 && { tools: Object.fromEntries(tools) }),
    };
    writer.keep(record).catch((error: unknown) => log.error("audit record lost", { error }));
  }, clocks);
}
