import type { JournalLine } from "../../audit/read/read-journal.ts";
import { readJournal } from "../../audit/read/read-journal.ts";
import { readTable } from "../../audit/read/read-table.ts";
import type { RecordFilter } from "../../audit/read/record-filter.ts";
import type { RecordPlace } from "./settings.ts";

/** The records of a journal, or of a table as far as the filter goes. */
export function readRecords(
  { journal, table }: RecordPlace,
  filter: RecordFilter,
  onBad: (place: string) => void,
): AsyncGenerator<JournalLine> {
  return table ? readTable(table, filter, onBad) : readJournal(journal.journalDir, onBad);
}
