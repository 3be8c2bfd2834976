import { csvHeader, csvLine } from "../../audit/export/csv.ts";
import { readJournal } from "../../audit/read/read-journal.ts";
import { matches, type RecordFilter } from "../../audit/read/record-filter.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { loadJournalSettings } from "./settings.ts";

export interface ExportRequest {
  format: "ndjson" | "csv";
  filter: RecordFilter;
}

/** Prints records in the order of their times. Exits with 1 where lines were left out because they do not hold. */
export async function exportRecords(
  context: CommandContext,
  { format, filter }: ExportRequest,
): Promise<ExitCode> {
  const { terminal } = context;
  const { journalDir } = await loadJournalSettings(context);
  const badFiles = new Map<string, number>();
  const onBad = (path: string) => void badFiles.set(path, (badFiles.get(path) ?? 0) + 1);
  if (format === "csv") terminal.out(csvHeader);
  for await (const { record, line } of readJournal(journalDir, onBad)) {
    if (matches(record, filter)) terminal.out(format === "csv" ? csvLine(record) : line);
  }
  for (const [path, count] of badFiles) {
    terminal.err(
      `${path}: ${count} lines do not hold and were left out. Look into it with: sluice audit verify`,
    );
  }
  return badFiles.size === 0 ? 0 : 1;
}
