import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { listChains } from "../../audit/journal/segments.ts";
import { readLastRecords } from "../../audit/read/last-records.ts";
import type { JournalLine } from "../../audit/read/read-journal.ts";
import { matches, type RecordFilter } from "../../audit/read/record-filter.ts";
import { readLine } from "../../audit/record/record.ts";
import type { Position } from "../../audit/relay/position.ts";
import { readBatch } from "../../audit/relay/read-batch.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { stoppable } from "../frame/stop-signal.ts";
import { UsageError } from "../frame/usage-error.ts";
import { loadRecordPlace, type RecordPlace } from "./settings.ts";
import { wordsOf } from "./words.ts";

export interface TailRequest {
  json: boolean;
  follow: boolean;
  lines: number;
  filter: RecordFilter;
}

const lookEveryMs = 300;
const chainStart: Position = { segment: "", endByte: 0, sequence: 0 };

/** Prints the last records, and with `follow` those that come after, until it is stopped. */
export async function tail(context: CommandContext, request: TailRequest): Promise<ExitCode> {
  const { terminal } = context;
  const place = await loadRecordPlace(context);
  if (place.table) return tailTable(place.table, context, request);
  const { journalDir } = place.journal;
  const { records, positions } = await readLastRecords(journalDir, request.lines);
  const print = ({ record, line }: JournalLine) => {
    if (matches(record, request.filter)) terminal.out(request.json ? line : wordsOf(record));
  };
  for (const one of records) print(one);
  if (!request.follow) return 0;
  return stoppable(async ({ signal }) => {
    while (!signal.aborted) {
      for (const chain of await listChains(journalDir)) {
        const folder = join(journalDir, chain);
        const batch = await readBatch(folder, positions.get(folder) ?? chainStart, Number.MAX_SAFE_INTEGER);
        positions.set(folder, batch.next);
        for (const one of batch.records) print(one);
      }
      await wait(lookEveryMs, undefined, { signal }).catch(() => {});
    }
    return 0;
  });
}

/** A table has an order within each tenant alone. */
async function tailTable(
  table: NonNullable<RecordPlace["table"]>,
  { terminal }: CommandContext,
  { json, follow, lines, filter }: TailRequest,
): Promise<ExitCode> {
  const { tenant } = filter;
  if (tenant === undefined) {
    throw new UsageError(
      "The records are in a table, in an order within each tenant: name one with --tenant.",
    );
  }
  if (follow) throw new UsageError("--follow: the records are in a table, which cannot be followed.");
  for (const { line } of await table.last(tenant, lines)) {
    const record = readLine(line);
    if (record && matches(record, filter)) terminal.out(json ? line : wordsOf(record));
  }
  await table.close();
  return 0;
}
