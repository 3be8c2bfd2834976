import type { DuckDBConnection } from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { foldName } from "../gate/syntax-tree.ts";

/**
 * Refuses names the engine would answer with its own session's facts, unless a table of the call has such a
 * column. Throws `invalid_input`.
 */
export async function checkSessionNames(
  connection: DuckDBConnection,
  sessionNames: readonly string[],
): Promise<void> {
  if (sessionNames.length === 0) return;
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT column_name FROM duckdb_columns() WHERE NOT internal",
  );
  const columns = new Set(reader.getRows().map(([name]) => foldName(String(name))));
  const unknown = sessionNames.find((name) => !columns.has(name));
  if (unknown === undefined) return;
  throw new ToolError(
    "invalid_input",
    `No table of the statement has a column ${unknown}, and who the engine runs as is not told. A column of that name is best written with its table: t.${unknown}.`,
  );
}
