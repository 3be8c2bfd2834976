import type { Dataset } from "../datasets/dataset.ts";
import { type LakeParts, scansOf, withTables } from "../datasets/with-tables.ts";
import type { LakeScope } from "../scope.ts";
import type { Described } from "./described.ts";

const lineColumns = [
  { name: "line_number", type: "BIGINT" },
  { name: "line", type: "VARCHAR" },
];

/** Types, rows and rejects of text files by a read of all of them. */
export function describeTable(parts: LakeParts, dataset: Dataset, scope: LakeScope): Promise<Described> {
  return withTables(parts, [{ name: "dataset", dataset }], scope, async (tables) => {
    const [table] = tables;
    if (!table) throw new TypeError("One table was asked for.");
    const { analysis, notes } = table;
    if (analysis) {
      return {
        columns: analysis.columns,
        rows: { count: analysis.rowCount, exactness: "exact" },
        ...(analysis.rejectedCount > 0 ? { rejectedRows: analysis.rejectedCount } : {}),
        notes,
      };
    }
    const bounds = { maxRows: 1, maxBytes: 1_000, keepRest: false, owner: scope.principalId };
    const sql = "SELECT count(*) FROM dataset";
    const { rows } = await parts.engine.run({ sql, tables: scansOf(tables), ...bounds }, scope);
    return { columns: lineColumns, rows: { count: Number(rows[0]?.[0]), exactness: "exact" }, notes };
  });
}
