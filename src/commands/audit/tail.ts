import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { listChains } from "../../audit/journal/segments.ts";
import { readLastRecords } from "../../audit/read/last-records.ts";
import type { JournalLine } from "../../audit/read/read-journal.ts";
import { matches, type RecordFilter } from "../../audit/read/record-filter.ts";
import type { ReadRecord } from "../../audit/record/record.ts";
import type { Position } from "../../audit/relay/position.ts";
import { readBatch } from "../../audit/relay/read-batch.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { stoppable } from "../frame/stop-signal.ts";
import { loadJournalSettings } from "./settings.ts";

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
  const { journalDir } = await loadJournalSettings(context);
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

function wordsOf(record: ReadRecord): string {
  const {
    time,
    kind,
    tool,
    effect,
    principal,
    tenant,
    result,
    durationMs,
    correlationId,
    arguments: args,
  } = record;
  if (kind === "unauthenticated") {
    const { reason = "more of them", method = "", path = "", leftOut = "" } = record;
    return [time, kind, result, method, path, reason, leftOut]
      .filter((part) => part !== undefined && part !== "")
      .join(" ");
  }
  if (tool === undefined) return `${time} ${kind} ${record.chain} ${record.sequence}`;
  const took = durationMs === undefined ? "" : ` ${durationMs} ms`;
  const who = `${principal}@${tenant}`;
  const what = [time, kind, tool, effect, result, who, correlationId].filter((part) => part !== undefined);
  return `${what.join(" ")}${took}${args === undefined ? "" : ` ${JSON.stringify(args)}`}`;
}
