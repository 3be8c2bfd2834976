import type { ReadRecord } from "../record/record.ts";

/**
 * Intents of calls that change things and have no outcome: their process did not survive them, so whether they acted only
 * shows where they would have. Those that still run are among them. In the order of their times.
 */
export async function findUnfinished(records: AsyncIterable<ReadRecord>): Promise<ReadRecord[]> {
  const intents = new Map<unknown, ReadRecord>();
  /** Of calls whose intent comes later: chains lie side by side. */
  const ended = new Set<unknown>();
  for await (const record of records) {
    const { kind, call, effect } = record;
    if (effect === undefined || effect === "read") continue;
    if (kind === "intent" && !ended.delete(call)) intents.set(call, record);
    if (kind === "outcome" && !intents.delete(call) && record.arguments === undefined) ended.add(call);
  }
  return [...intents.values()].sort((a, b) => (a.time < b.time ? -1 : 1));
}
