import { csvHeader, csvLine } from "../../audit/export/csv.ts";
import { matches, type RecordFilter } from "../../audit/read/record-filter.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { readRecords } from "./read-records.ts";
import { loadRecordPlace } from "./settings.ts";

export interface ExportRequest {
  format: "ndjson" | "csv";
  filter: RecordFilter;
}

/** Prints records in the order of their times, those of a table tenant by tenant. Exits with 1 where lines were left out because they do not hold. */
export async function exportRecords(
  context: CommandContext,
  { format, filter }: ExportRequest,
): Promise<ExitCode> {
  const { terminal } = context;
  const place = await loadRecordPlace(context);
  const badFiles = new Map<string, number>();
  const onBad = (path: string) => void badFiles.set(path, (badFiles.get(path) ?? 0) + 1);
  if (format === "csv") terminal.out(csvHeader);
  for await (const { record, line } of readRecords(place, filter, onBad)) {
    if (matches(record, filter)) terminal.out(format === "csv" ? csvLine(record) : line);
  }
  await place.table?.close();
  for (const [path, count] of badFiles) {
    terminal.err(
      `${path}: ${count} lines do not hold and were left out. Look into it with: sluice audit verify`,
    );
  }
  return badFiles.size === 0 ? 0 : 1;
}
