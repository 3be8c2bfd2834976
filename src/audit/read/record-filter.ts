import type { ReadRecord } from "../record/record.ts";

/** Which records are asked for. What is left out does not limit. */
export interface RecordFilter {
  /** From this moment on, in milliseconds since the epoch. */
  sinceMs?: number | undefined;
  /** Before this moment, in milliseconds since the epoch. */
  untilMs?: number | undefined;
  tenant?: string | undefined;
}

export function matches({ time, tenant }: ReadRecord, filter: RecordFilter): boolean {
  const ms = Date.parse(time);
  if (filter.sinceMs !== undefined && !(ms >= filter.sinceMs)) return false;
  if (filter.untilMs !== undefined && !(ms < filter.untilMs)) return false;
  return filter.tenant === undefined || tenant === filter.tenant;
}
