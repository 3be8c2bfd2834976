import { openLine } from "../record/record.ts";
import type { AuditTable, TableFilter } from "../table/audit-table.ts";
import type { JournalLine } from "./read-journal.ts";

/** Every record of a table, tenant by tenant, each tenant's in the order of their times. `onBad` hears of items that hold none. */
export async function* readTable(
  table: AuditTable,
  filter: TableFilter,
  onBad: (item: string) => void,
): AsyncGenerator<JournalLine> {
  for await (const { item, line } of table.read(filter)) {
    const record = openLine(line);
    if (record) yield { record, line };
    else onBad(item);
  }
}
