import type { DuckDBConnection } from "@duckdb/node-api";
import { pastChunkBytes } from "../../../formats/parquet-tail.ts";
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
  /** With what may be read past it. */
  end: number;
}

/** Of a bloom filter whose length its writer did not say. */
const guessedBloomBytes = 64 * 1024;

const chunkStart =
  "CASE WHEN dictionary_page_offset > 0 THEN least(dictionary_page_offset, data_page_offset) ELSE data_page_offset END";

/** Which chunks of which files are wanted. */
export interface ChunkRequest extends PartsWanted {
  /** Paths, by number. */
  files: ReadonlyMap<string, number>;
}

/** Of top-level columns, by name, or of all for undefined, in the row groups that may hold a matching row. */
interface PartsWanted {
  columns: readonly string[] | undefined;
  condition: GroupCondition | undefined;
}

export type FilePart = Pick<Chunk, "file" | "start" | "end">;

/** A bloom filter of a column chunk. */
export interface BloomPart extends FilePart {
  /** Which of those wanted has it. */
  wanted: number;
  rowGroup: number;
  /** Of the column's values in the file, as Parquet names it. */
  physicalType: string;
  /** Undefined where its writer did not say. */
  sizeBytes: number | undefined;
}

/** Chunks by file and row group. */
export async function chunksOf(connection: DuckDBConnection, request: ChunkRequest): Promise<Chunk[]> {
  return (await partsOf(connection, request, [])).chunks;
}

/**
 * The chunks, and the bloom filters of `blooms`. The engine asks those before it looks at other statistics. Asked for at
 * once, as the engine takes a while to list what a footer says.
 */
export async function partsOf(
  connection: DuckDBConnection,
  { files, ...chunks }: ChunkRequest,
  blooms: readonly PartsWanted[],
): Promise<{ chunks: Chunk[]; blooms: BloomPart[] }> {
  if (files.size === 0) return { chunks: [], blooms: [] };
  const selects = [
    `SELECT ${ofChunks}, file_name, row_group_id, row_group_num_rows, column_id, ${chunkStart}, total_compressed_size, '' ${fromSql(chunks)}`,
    ...blooms.map(
      (wanted, number) =>
        `SELECT ${number}, file_name, row_group_id, 0, 0, bloom_filter_offset, bloom_filter_length, type ${fromSql(wanted)} AND bloom_filter_offset > 0`,
    ),
  ];
  const reader = await connection.runAndReadAll(`
    WITH chunks AS (SELECT * FROM parquet_metadata(${list([...files.keys()].map(literal))}))
    ${selects.join(" UNION ALL ")}`);
  const parts = reader.getRows().map((row) => partOf(row, files));
  return {
    chunks: parts
      .filter((part) => part.wanted === ofChunks && isSound(part))
      .sort((a, b) => a.file - b.file || a.rowGroup - b.rowGroup || a.start - b.start),
    blooms: parts.filter((part) => part.wanted !== ofChunks && isSound(part)),
  };
}

const ofChunks = -1;

function partOf(
  [wanted, name, rowGroup, rowCount, column, start, size, physicalType]: readonly unknown[],
  files: ReadonlyMap<string, number>,
): Chunk & BloomPart {
  const sizeBytes = typeof size === "number" || typeof size === "bigint" ? Number(size) : undefined;
  return {
    wanted: Number(wanted),
    file: files.get(String(name)) ?? -1,
    rowGroup: Number(rowGroup),
    rowCount: Number(rowCount),
    column: Number(column),
    start: Number(start),
    end: Number(start) + (sizeBytes ?? guessedBloomBytes) + pastChunkBytes,
    sizeBytes,
    physicalType: String(physicalType),
  };
}

function fromSql({ columns, condition }: PartsWanted): string {
  const kept = condition ? `SEMI JOIN (${keptGroups(condition)}) USING (file_name, row_group_id)` : "";
  return `FROM chunks ${kept} WHERE ${columns ? `(${isOneOf(columns)})` : "true"}`;
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
  const from = columns.includes(rowNumber)
    ? `chunks JOIN (${groupRows}) USING (file_name, row_group_id)`
    : "chunks";
  return `SELECT file_name, row_group_id FROM (
    SELECT file_name, row_group_id, ${bounds.join(", ")} FROM ${from}
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
