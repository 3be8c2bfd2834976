import { matches, type RecordFilter } from "../../audit/read/record-filter.ts";
import { findUnfinished } from "../../audit/read/unfinished.ts";
import type { ReadRecord } from "../../audit/record/record.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { readRecords } from "./read-records.ts";
import { loadRecordPlace, type RecordPlace } from "./settings.ts";
import { wordsOf } from "./words.ts";

export interface UnfinishedRequest {
  json: boolean;
  filter: RecordFilter;
  nowMs: number;
}

/** Prints calls that meant to change something and have no outcome. Exits with 1 where there are some that run no more. */
export async function unfinished(
  context: CommandContext,
  { json, filter, nowMs }: UnfinishedRequest,
): Promise<ExitCode> {
  const { terminal } = context;
  const place = await loadRecordPlace(context);
  let badCount = 0;
  const found = await findUnfinished(matching(place, filter, () => badCount++));
  await place.table?.close();
  const { calls, tasks } = place.settings;
  const endedMs = nowMs - Math.max(calls.timeoutMs, tasks.timeoutMs);
  const told = found.map((record) => ({ record, mayStillRun: Date.parse(record.time) >= endedMs }));
  for (const { record, mayStillRun } of told) {
    if (json) terminal.out(JSON.stringify({ ...record, mayStillRun }));
    else terminal.out(wordsOf(record) + (mayStillRun ? " (may still run)" : ""));
  }
  const lost = told.filter(({ mayStillRun }) => !mayStillRun).length;
  terminal.err(summaryOf(found.length, lost));
  if (badCount > 0)
    terminal.err(`${badCount} records do not hold and were left out. Look with: sluice audit verify`);
  return lost + badCount === 0 ? 0 : 1;
}

function summaryOf(found: number, lost: number): string {
  if (found === 0) return "Every write has its outcome.";
  const young = found - lost === 0 ? "" : ` ${found - lost} of them may still run.`;
  return `Writes without an outcome: ${found}.${young} Look at what they did where their process ended.`;
}

async function* matching(
  place: RecordPlace,
  filter: RecordFilter,
  onBad: () => void,
): AsyncGenerator<ReadRecord> {
  for await (const { record } of readRecords(place, filter, onBad)) if (matches(record, filter)) yield record;
}
