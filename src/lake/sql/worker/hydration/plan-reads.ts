import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "../../engine.ts";
import type { FileReads } from "../../protocol.ts";
import { type Chunk, type FilePart, partsOf } from "./chunks.ts";
import type { StatementNeeds } from "./explain.ts";
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
      const { filters } = scan;
      const { files, columns: known, index } = table;
      const request = { files, columns, condition: groupCondition(filters, known) };
      const parts = await partsOf(connection, request, needs.isLimited ? [] : bloomsOf(known, filters));
      const chunks = needs.isLimited ? firstChunks(parts.chunks, firstRows ?? 1) : parts.chunks;
      for (const { file, start, end } of [...chunks, ...parts.blooms]) reads.add(index, file, start, end);
    }
  }
  return reads.toArray();
}

/** A row group that a column's own bounds rule out is not asked for the column's bloom filter. */
function bloomsOf(columns: readonly Column[], filters: readonly string[]) {
  return columns.flatMap((column) => {
    const own = filters.filter(
      (filter) => filter.includes(`${column.name}=`) || filter.includes(`${column.name} IN`),
    );
    return own.length === 0 ? [] : [{ columns: [column.name], condition: groupCondition(own, columns) }];
  });
}

/** The first row groups, until they hold the rows wanted; of a large one, the beginning of each chunk. */
function firstChunks(chunks: readonly Chunk[], wantedRows: number): FilePart[] {
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
