import type { DuckDBConnection } from "@duckdb/node-api";
import type { FileReads } from "../../protocol.ts";
import { type Chunk, chunksOf } from "./chunks.ts";
import type { StatementNeeds } from "./explain.ts";
import { columnsNeeded, type DescribedTable, ReadList } from "./sparse-tables.ts";

/** Rows of a file of a table, numbered from 0, both ends among them. */
export interface Stretch {
  file: number;
  first: number;
  last: number;
}

/** All columns that a statement needs of a table, in the row groups that hold any of the rows. */
export async function readsOfRows(
  connection: DuckDBConnection,
  table: DescribedTable,
  needs: StatementNeeds,
  stretches: readonly Stretch[],
): Promise<FileReads[]> {
  const byFile = new Map<number, Stretch[]>();
  for (const stretch of stretches) byFile.set(stretch.file, [...(byFile.get(stretch.file) ?? []), stretch]);
  const columns = new Set(needs.scans.flatMap((scan) => columnsNeeded(table, scan) ?? []));
  const chunks = await chunksOf(connection, {
    files: new Map([...table.files].filter(([, file]) => byFile.has(file))),
    columns: [...columns],
    condition: undefined,
  });
  const reads = new ReadList();
  for (const { file, start, end } of chunksWithRows(chunks, byFile)) reads.add(table.index, file, start, end);
  return reads.toArray();
}

function chunksWithRows(chunks: readonly Chunk[], byFile: ReadonlyMap<number, readonly Stretch[]>): Chunk[] {
  let firstRow = 0;
  return chunks.filter((chunk, at) => {
    const before = chunks[at - 1];
    if (before?.file !== chunk.file) firstRow = 0;
    else if (before.rowGroup !== chunk.rowGroup) firstRow += before.rowCount;
    const own = byFile.get(chunk.file) ?? [];
    return own.some(({ first, last }) => first < firstRow + chunk.rowCount && last >= firstRow);
  });
}
