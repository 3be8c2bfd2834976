import type { DatasetRows } from "../lake.ts";
import type { StatementPlan } from "../sql/engine.ts";
import { countAnswer } from "./count-by-footers.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import type { OpenTable } from "./with-tables.ts";

/** The answer of `SELECT count(*) FROM t` over CSV files, whose rows were counted when they were looked at. */
export function countByAnalysis(
  tables: readonly OpenTable[],
  { count }: StatementPlan,
): DatasetRows | undefined {
  const [table, ...others] = tables;
  if (!count || count.where || others.length > 0 || table?.scan.format !== "csv" || !table.analysis)
    return undefined;
  return { ...countAnswer(count.name, table.analysis.rowCount, tableNotes(tables)), ...rejectedRows(tables) };
}
