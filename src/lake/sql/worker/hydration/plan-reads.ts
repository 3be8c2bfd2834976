import type { DuckDBConnection } from "@duckdb/node-api";
import type { FileReads } from "../../protocol.ts";
import { bloomFiltersOf, type Chunk, chunksOf } from "./chunks.ts";
import type { ScanNeed, StatementNeeds } from "./explain.ts";
import { groupCondition } from "./filters.ts";
import { columnsNeeded, type DescribedTable, ReadList } from "./sparse-tables.ts";

/** Row groups up to this size are read whole where only some of their first rows are wanted. */
const wholeGroupBytes = 8 << 20;
/** Of each chunk of a larger one. */
const firstBytes = 256 << 10;

/** What is known of the rows a statement wants, beside its plan. */
export interface WantedRows {
  /** Rows of its one scan it stops after, where it stops early. */
  firstRows?: number | undefined;
}

/** The parts of files that a statement will read, as far as its plan tells. */
export async function planReads(
  connection: DuckDBConnection,
  tables: readonly DescribedTable[],
  needs: StatementNeeds,
  { firstRows }: WantedRows = {},
): Promise<FileReads[]> {
  const reads = new ReadList();
  for (const scan of needs.scans) {
    for (const table of tables) {
      const columns = columnsNeeded(table, scan);
      if (!columns) continue;
      const chunks = await scanChunks(connection, table, scan, columns);
      const wanted = needs.isLimited ? firstChunks(chunks, firstRows ?? 1) : chunks;
      for (const { file, start, end } of wanted) reads.add(table.index, file, start, end);
      if (!needs.isLimited) await addBloomFilters(connection, table, scan, reads);
    }
  }
  return reads.toArray();
}

function scanChunks(
  connection: DuckDBConnection,
  { files, columns: known }: DescribedTable,
  { filters }: ScanNeed,
  columns: readonly string[],
): Promise<Chunk[]> {
  return chunksOf(connection, { files, columns, condition: groupCondition(filters, known) });
}

async function addBloomFilters(
  connection: DuckDBConnection,
  { files, columns, index }: DescribedTable,
  { filters }: ScanNeed,
  reads: ReadList,
): Promise<void> {
  for (const column of columns) {
    const own = filters.filter(
      (filter) => filter.includes(`${column.name}=`) || filter.includes(`${column.name} IN`),
    );
    if (own.length === 0) continue;
    // A row group that the column's own bounds rule out is not asked for its filter.
    const condition = groupCondition(own, columns);
    for (const { file, start, end } of await bloomFiltersOf(connection, files, [column], condition)) {
      reads.add(index, file, start, end);
    }
  }
}

/** The first row groups, until they hold the rows wanted; of a large one, the beginning of each chunk. */
function firstChunks(chunks: readonly Chunk[], wantedRows: number): Pick<Chunk, "file" | "start" | "end">[] {
  const first: Chunk[] = [];
  let rows = 0;
  for (const [at, chunk] of chunks.entries()) {
    const before = chunks[at - 1];
    const isNext = before?.file !== chunk.file || before.rowGroup !== chunk.rowGroup;
    if (isNext && rows >= wantedRows) break;
    if (isNext) rows += chunk.rowCount;
    first.push(chunk);
  }
  const sizeBytes = first.reduce((sum, { start, end }) => sum + end - start, 0);
  if (sizeBytes <= wholeGroupBytes || rows < 4 * wantedRows) return first;
  return first.map(({ file, start, end }) => ({ file, start, end: Math.min(end, start + firstBytes) }));
}
