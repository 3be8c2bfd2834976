import type { DatasetRows } from "../lake.ts";
import type { StatementPlan } from "../sql/engine.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import type { OpenTable } from "./with-tables.ts";

/** The answer of `SELECT count(*) FROM t` over CSV files, whose rows were counted when they were looked at. */
export function countByAnalysis(
  tables: readonly OpenTable[],
  { countAs }: StatementPlan,
): DatasetRows | undefined {
  const [table, ...others] = tables;
  if (countAs === undefined || others.length > 0 || table?.scan.format !== "csv" || !table.analysis)
    return undefined;
  const columns = [{ name: countAs, type: "BIGINT" }];
  const rows = [[table.analysis.rowCount]];
  return { columns, rows, more: false, totalRows: 1, ...rejectedRows(tables), notes: tableNotes(tables) };
}
