import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "../../engine.ts";
import type { FileReads } from "../../protocol.ts";
import { areWhole, isWorthAsking, type Question, singleValue, withoutExcluded } from "./bloom-filters.ts";
import { type BloomPart, type Chunk, type FilePart, partsOf } from "./chunks.ts";
import type { StatementNeeds } from "./explain.ts";
import { groupCondition } from "./filters.ts";
import { columnsNeeded, type DescribedTable, ReadList } from "./sparse-tables.ts";
import type { Fetch } from "./verified-run.ts";

/** Row groups up to this size are read whole where only some of their first rows are wanted. */
const wholeGroupBytes = 8 << 20;
/** Of each chunk of a larger one. */
const firstBytes = 256 << 10;

/** What is known of a statement beside its plan. */
export interface PlanOptions {
  /** Rows of its one scan it stops after, where it stops early. */
  firstRows?: number | undefined;
  /** Of the files nothing is read, and the plan less exact, where it is not there. */
  fetch?: Fetch | undefined;
}

/** What one scan reads of a table. */
interface ScanReads {
  table: DescribedTable;
  chunks: Chunk[];
  blooms: BloomPart[];
  questions: Question[];
}

/** The parts of files that a statement will read, as far as its plan tells. */
export async function planReads(
  connection: DuckDBConnection,
  tables: readonly DescribedTable[],
  needs: StatementNeeds,
  { firstRows, fetch }: PlanOptions = {},
): Promise<FileReads[]> {
  const scans: ScanReads[] = [];
  for (const scan of needs.scans) {
    for (const table of tables) {
      const columns = columnsNeeded(table, scan);
      if (!columns) continue;
      const { filters } = scan;
      const { files, columns: known } = table;
      const request = { files, columns, condition: groupCondition(filters, known) };
      const wanted = needs.isLimited ? [] : bloomsOf(known, filters);
      const { chunks, blooms } = await partsOf(connection, request, wanted);
      const questions = blooms.map((bloom) => ({ bloom, values: wanted[bloom.wanted]?.values ?? [] }));
      scans.push({ table, chunks, blooms, questions });
    }
  }
  const left = fetch ? await askBlooms(scans, fetch) : scans;
  const reads = new ReadList();
  for (const { table, chunks, blooms } of left) {
    const read = needs.isLimited ? firstChunks(chunks, firstRows ?? 1) : chunks;
    addAll(reads, table, [...read, ...blooms]);
  }
  return reads.toArray();
}

/** Leaves out the row groups that bloom filters exclude, which it fetches first where that may spare enough. */
async function askBlooms(scans: readonly ScanReads[], fetch: Fetch): Promise<readonly ScanReads[]> {
  const asked = scans.filter(({ chunks, questions }) => isWorthAsking(chunks, questions));
  if (asked.length === 0) return scans;
  const reads = new ReadList();
  for (const { table, blooms } of asked) addAll(reads, table, blooms);
  await fetch(reads.toArray());
  return scans.map((scan) => {
    if (!asked.includes(scan)) return scan;
    const { table, chunks, questions } = scan;
    const paths = new Map([...table.files].map(([path, file]) => [file, path]));
    return { ...scan, chunks: withoutExcluded(chunks, questions, paths) };
  });
}

function addAll(reads: ReadList, { index }: DescribedTable, parts: readonly FilePart[]): void {
  for (const { file, start, end } of parts) reads.add(index, file, start, end);
}

/** A row group that a column's own bounds rule out is not asked for the column's bloom filter. */
function bloomsOf(columns: readonly Column[], filters: readonly string[]) {
  const canAsk = areWhole(filters);
  return columns.flatMap((column) => {
    // The engine tests no bloom filter for the optional ones.
    const own = filters.filter(
      (filter) => filter.includes(`${column.name}=`) && !filter.startsWith("optional: "),
    );
    if (own.length === 0) return [];
    const values = canAsk ? own.flatMap((filter) => singleValue(filter, column) ?? []) : [];
    return [{ columns: [column.name], condition: groupCondition(own, columns), values }];
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
