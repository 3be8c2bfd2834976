import { ToolError } from "../../core/errors.ts";
import { estimateQuery, type ScanEstimate } from "../datasets/estimate-query.ts";
import { resolveDataset } from "../datasets/resolve-dataset.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import type { DatasetRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { formatTable } from "./allowed-tables.ts";
import type { CatalogTable, GlueCatalog } from "./glue-catalog.ts";
import type { ResolvedStatement } from "./resolve-statement.ts";
import { quoteTrino, writeStatement } from "./trino/statement.ts";

/** Undefined bytes: they cannot be known, and `notes` say why. */
export type AthenaScan = ScanEstimate | { files?: never; bytes?: never; notes: string[] };

/**
 * Bytes Athena will scan, as far as this server may look at the tables' files: of Parquet the column chunks that this
 * machine's engine would read, which leaves out columns, partitions and row groups as Athena does; of all others the whole.
 * Throws only for a call that was stopped.
 */
export async function estimateScan(
  parts: LakeParts,
  catalog: GlueCatalog,
  statement: ResolvedStatement,
  scope: LakeScope,
): Promise<AthenaScan> {
  try {
    const tables = await Promise.all(statement.tables.map((name) => catalog.table(name, scope)));
    const sources = Object.fromEntries(tables.map((table) => [formatTable(table), datasetOf(table)]));
    const sql = writeStatement(statement.statement, (relation) =>
      quoteTrino(formatTable(statement.tableOf(relation))),
    );
    return await estimateQuery(parts, { sql, sources }, scope).catch(async (thrown) => {
      // A function or a spelling of Trino that this machine's engine does not know.
      if (thrown instanceof ToolError && thrown.code === "invalid_input")
        return wholeTables(parts, tables, scope);
      throw thrown;
    });
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || scope.signal.aborted) throw thrown;
    return { notes: [`What Athena will scan cannot be told beforehand: ${thrown.message}`] };
  }
}

function datasetOf(table: CatalogTable): DatasetRequest {
  const { location, format } = table;
  if (location === undefined || format === "view") {
    throw new ToolError("unsupported", `${formatTable(table)} is a view, whose tables are not looked into.`);
  }
  if (["iceberg", "delta", "hudi"].includes(format)) {
    throw new ToolError(
      "unsupported",
      `${formatTable(table)} is a table of the format ${format}, of whose files a part counts.`,
    );
  }
  return { uri: location, ...(format === "parquet" || format === "csv" ? { format } : {}) };
}

async function wholeTables(
  parts: LakeParts,
  tables: readonly CatalogTable[],
  scope: LakeScope,
): Promise<ScanEstimate> {
  const datasets = await Promise.all(tables.map((table) => resolveDataset(parts, datasetOf(table), scope)));
  return {
    files: datasets.reduce((sum, { files }) => sum + files.length, 0),
    bytes: datasets.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    exactness: "at most",
    notes: [
      "The tables count whole: which of their columns and partitions the statement reads could not be told.",
    ],
  };
}
