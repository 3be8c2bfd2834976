import type { DuckDBConnection } from "@duckdb/node-api";
import { foldName } from "../../gate/syntax-tree.ts";
import type { JobScan } from "../../protocol.ts";
import { identifier, list, literal } from "../quoting.ts";
import type { TopStatement } from "./top-statement.ts";

/** Types whose least and greatest values writers give exactly, and which have nothing like NaN. */
const exactTypes = /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|DECIMAL\(.*\)|DATE|TIMESTAMP.*)$/;

/**
 * A condition on the first sort key that `LIMIT` rows meet, if the least and greatest values in the footers are true:
 * by it most row groups need not be read. Whether so many rows meet it is for the caller to see. Undefined where the
 * statement filters, where rows without a key come first, or where the footers do not tell.
 */
export async function keyBound(
  connection: DuckDBConnection,
  { keys: [key], limitRows, hasConditions }: TopStatement,
  { files, partitionColumns }: JobScan,
): Promise<string | undefined> {
  if (!key || hasConditions || String(key.order.null_order) === "NULLS FIRST") return undefined;
  const { name, type } = key.column;
  const isPartition = partitionColumns.some((column) => foldName(column.name) === foldName(name));
  if (isPartition || !exactTypes.test(type)) return undefined;
  const isDescending = key.order.type === "DESCENDING";
  const [first, last] = isDescending
    ? ["stats_max_value", "stats_min_value"]
    : ["stats_min_value", "stats_max_value"];
  // A row group has one row with its first value; its others come no later than its last.
  const reader = await connection.runAndReadAll(`
    WITH groups AS (
      SELECT TRY_CAST(${first} AS ${type}) AS first, TRY_CAST(${last} AS ${type}) AS last,
        row_group_num_rows - stats_null_count - 1 AS further
      FROM parquet_metadata(${list(files.map(({ path }) => literal(path)))})
      WHERE lower(path_in_schema) = lower(${literal(name)})),
    steps AS (SELECT first AS value, 1 AS rows FROM groups UNION ALL SELECT last, further FROM groups WHERE further > 0)
    SELECT value::VARCHAR FROM (
      SELECT value, sum(rows) OVER (ORDER BY value ${isDescending ? "DESC" : "ASC"} ROWS UNBOUNDED PRECEDING) AS rows
      FROM steps WHERE value IS NOT NULL)
    WHERE rows >= ${limitRows} ORDER BY rows LIMIT 1`);
  const value = reader.getRows()[0]?.[0];
  if (value === undefined || value === null) return undefined;
  return `${identifier(name)} ${isDescending ? ">=" : "<="} CAST(${literal(String(value))} AS ${type})`;
}
