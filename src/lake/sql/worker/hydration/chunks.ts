import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "../../engine.ts";
import { list, literal } from "../quoting.ts";
import { boundNames, boundSql, type GroupCondition, rowNumber } from "./filters.ts";

/** A column chunk of a file. Offsets in bytes. */
export interface Chunk {
  file: number;
  rowGroup: number;
  rowCount: number;
  /** Number of the leaf column. */
  column: number;
  start: number;
  end: number;
}

/** The engine reads page headers in gulps that may go past the end of a chunk. */
const padBytes = 512;
/** Of a bloom filter whose length its writer did not say. */
const guessedBloomBytes = 64 * 1024;

const chunkStart =
  "CASE WHEN dictionary_page_offset > 0 THEN least(dictionary_page_offset, data_page_offset) ELSE data_page_offset END";

/** Which chunks of which files are wanted. */
export interface ChunkRequest {
  /** Paths, by number. */
  files: ReadonlyMap<string, number>;
  /** Names of top-level columns; undefined for all. */
  columns: readonly string[] | undefined;
  condition: GroupCondition | undefined;
}

/** The chunks of columns in the row groups that may hold a matching row, by file and row group. */
export async function chunksOf(connection: DuckDBConnection, request: ChunkRequest): Promise<Chunk[]> {
  const { files, columns, condition } = request;
  if (files.size === 0) return [];
  const kept = condition ? `SEMI JOIN (${keptGroups(condition)}) USING (file_name, row_group_id)` : "";
  const reader = await connection.runAndReadAll(`
    WITH chunks AS (SELECT * FROM parquet_metadata(${list([...files.keys()].map(literal))}))
    SELECT file_name, row_group_id, row_group_num_rows, column_id, ${chunkStart}, total_compressed_size
    FROM chunks ${kept} ${columns ? `WHERE ${isOneOf(columns)}` : ""}`);
  const chunks = reader.getRows().map(([name, rowGroup, rowCount, column, start, sizeBytes]) => ({
    file: files.get(String(name)) ?? -1,
    rowGroup: Number(rowGroup),
    rowCount: Number(rowCount),
    column: Number(column),
    start: Number(start),
    end: Number(start) + Number(sizeBytes) + padBytes,
  }));
  return chunks
    .filter(isSound)
    .sort((a, b) => a.file - b.file || a.rowGroup - b.rowGroup || a.start - b.start);
}

/**
 * Bloom filters of columns, or of all for undefined, in every row group: the engine asks them before it looks at
 * other statistics.
 */
export async function bloomFiltersOf(
  connection: DuckDBConnection,
  files: ReadonlyMap<string, number>,
  columns: readonly Column[] | undefined,
  condition?: GroupCondition | undefined,
): Promise<Pick<Chunk, "file" | "start" | "end">[]> {
  if (files.size === 0 || columns?.length === 0) return [];
  const kept = condition ? `SEMI JOIN (${keptGroups(condition)}) USING (file_name, row_group_id)` : "";
  const reader = await connection.runAndReadAll(`
    WITH chunks AS (SELECT * FROM parquet_metadata(${list([...files.keys()].map(literal))}))
    SELECT file_name, bloom_filter_offset, coalesce(bloom_filter_length, ${guessedBloomBytes})
    FROM chunks ${kept} WHERE bloom_filter_offset > 0
    ${columns ? `AND (${isOneOf(columns.map(({ name }) => name))})` : ""}`);
  const filters = reader.getRows().map(([name, start, sizeBytes]) => ({
    file: files.get(String(name)) ?? -1,
    start: Number(start),
    end: Number(start) + Number(sizeBytes) + padBytes,
  }));
  return filters.filter(isSound);
}

function keptGroups({ sql, columns }: GroupCondition): string {
  const bounds = columns.flatMap((column) => {
    const { least, greatest } = boundNames(column.name);
    // Rows of a file are numbered through its groups.
    if (column === rowNumber)
      return [`any_value(first_row) AS ${least}`, `any_value(last_row) AS ${greatest}`];
    return [
      `${boundSql(column, "stats_min_value")} AS ${least}`,
      `${boundSql(column, "stats_max_value")} AS ${greatest}`,
    ];
  });
  return `SELECT file_name, row_group_id FROM (
    SELECT file_name, row_group_id, ${bounds.join(", ")} FROM chunks JOIN (${groupRows}) USING (file_name, row_group_id)
    GROUP BY ALL) WHERE ${sql}`;
}

const groupRows = `
  SELECT *, sum(row_count) OVER earlier AS last_row_end, last_row_end - row_count AS first_row, last_row_end - 1 AS last_row
  FROM (SELECT DISTINCT file_name, row_group_id, row_group_num_rows AS row_count FROM chunks)
  WINDOW earlier AS (PARTITION BY file_name ORDER BY row_group_id)`;

/** A damaged footer can claim places no file has: what reads them says so. */
function isSound({ start, end }: Pick<Chunk, "start" | "end">): boolean {
  return Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start <= end;
}

/** The path of a nested column is its names with `, ` between them. */
function isOneOf(columns: readonly string[]): string {
  const folded = list(columns.map((name) => literal(name.toLowerCase())));
  return `list_contains(${folded}, lower(path_in_schema)) OR list_has_any(${folded}, [left(lower(path_in_schema), i) FOR i IN [instr(path_in_schema, ', ') - 1] IF i > 0])`;
}
