import type { DuckDBConnection } from "@duckdb/node-api";
import type { Column } from "../../engine.ts";
import { partitionKey } from "../../partition-key.ts";
import type { FileReads, RunJob } from "../../protocol.ts";
import { identifier } from "../quoting.ts";
import type { ScanNeed } from "./explain.ts";

/** A table of the statement with files of which only parts may be there. */
export interface SparseTable {
  /** Index into the job's tables. */
  index: number;
  name: string;
  /** Numbers of the sparse files, by path. */
  files: ReadonlyMap<string, number>;
  /** Of a table of Delta or Iceberg, whose files may have other columns than its view. */
  fileColumns?: Column[] | undefined;
}

/** With the columns of its view. */
export interface DescribedTable extends SparseTable {
  columns: Column[];
}

/** The sparse tables of a job. */
export function sparseTables(job: RunJob): SparseTable[] {
  return job.tables.flatMap(({ names: [name], scan }, index) => {
    const files = new Map(
      scan.files.flatMap(({ path, isSparse }, file) => (isSparse ? [[path, file] as const] : [])),
    );
    return files.size === 0 || name === undefined
      ? []
      : [{ index, name, files, fileColumns: scan.view?.columns }];
  });
}

/** Asks the engine for the columns of tables, whose views are there. */
export async function describeTables(
  connection: DuckDBConnection,
  tables: readonly SparseTable[],
): Promise<DescribedTable[]> {
  const described: DescribedTable[] = [];
  for (const table of tables) {
    if (table.fileColumns) {
      described.push({ ...table, columns: table.fileColumns });
      continue;
    }
    const reader = await connection.runAndReadAll(
      `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${identifier(table.name)})`,
    );
    const columns = reader.getRows().map(([name, type]) => ({ name: String(name), type: String(type) }));
    described.push({ ...table, columns });
  }
  return described;
}

/** Columns scans name that are not in the files: they are made by the reader. The number of a row has no name. */
const madeColumns = ["", partitionKey, "filename", "file_row_number", "file_index"];

/** The top-level columns of a table that a scan's need names; undefined where the scan is of another table. */
export function columnsNeeded({ columns }: DescribedTable, need: ScanNeed): string[] | undefined {
  const found = new Set<string>();
  for (const wanted of need.columns) {
    if (madeColumns.includes(wanted)) continue;
    const matching = columns.filter(({ name }) => wanted === name || wanted.startsWith(`${name}.`));
    if (matching.length === 0) return undefined;
    for (const { name } of matching) found.add(name);
  }
  for (const filter of need.filters) {
    // A name that only happens to stand in a text costs a column too many, never a row.
    for (const { name } of columns) if (filter.includes(name)) found.add(name);
  }
  return [...found];
}

/** Ranges gathered by file, as the server is asked for them. */
export class ReadList {
  private readonly byFile = new Map<string, FileReads>();

  add(table: number, file: number, start: number, end: number): void {
    const key = `${table}/${file}`;
    const reads = this.byFile.get(key);
    if (reads) reads.offsets.push(start, end);
    else this.byFile.set(key, { table, file, offsets: [start, end] });
  }

  toArray(): FileReads[] {
    return [...this.byFile.values()];
  }
}
