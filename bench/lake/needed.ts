import { open } from "node:fs/promises";
import { join } from "node:path";
import { type FileMetaData, parquetMetadata, type RowGroup } from "hyparquet";
import { type DatasetName, keyOf, type LakeData } from "./data.ts";
import type { Touched } from "./question.ts";

export interface NeededOptions {
  data: LakeData;
  /** All files of the dataset, relative to the served folder. */
  files: readonly string[];
  /** Numbers of the rows of the answer, for `rowGroups: answers`. */
  answerRows: readonly number[];
}

/**
 * Bytes of the column chunks a question touches and of the footers of their files, by the footers themselves. Nothing
 * of Sluice is asked. For Delta without its log. Undefined for CSV, of which only whole questions need a known part.
 */
export async function neededBytes(
  dataset: DatasetName,
  touched: Touched,
  { data, files, answerRows }: NeededOptions,
): Promise<number | undefined> {
  if (dataset === "csv") return touched.rowGroups?.kind === "first" ? undefined : data.sizeBytes.csv;
  const { partition } = touched;
  const looked = partition === undefined ? files : files.filter((file) => file.includes(`/${partition}/`));
  let sum = 0;
  for (const file of looked) sum += await neededOf(join(data.folder, file), touched, answerRows);
  return sum;
}

/** The files of a dataset that its questions can touch. */
export function filesOf(dataset: DatasetName, { deltaFiles }: LakeData, listed: readonly string[]): string[] {
  const key = keyOf[dataset];
  if (dataset === "delta") return deltaFiles.map((file) => key + file);
  return key.endsWith("/") ? listed.filter((file) => file.startsWith(key)) : [key];
}

async function neededOf(path: string, touched: Touched, answerRows: readonly number[]): Promise<number> {
  const { metadata, footerBytes } = await readFooter(path);
  let firstRow = 0;
  let sum = footerBytes;
  for (const [at, group] of metadata.row_groups.entries()) {
    const rows = { first: firstRow, behind: firstRow + Number(group.num_rows) };
    firstRow = rows.behind;
    sum += groupBytes(group, touched, at, (row) => row >= rows.first && row < rows.behind, answerRows);
  }
  return sum;
}

function groupBytes(
  group: RowGroup,
  { columns, rowGroups }: Touched,
  at: number,
  holds: (row: number) => boolean,
  answerRows: readonly number[],
): number {
  if (rowGroups?.kind === "first" && at > 0) return 0;
  if (rowGroups?.kind === "between" && !overlaps(group, rowGroups)) return 0;
  const isAll = columns === "all" || (rowGroups?.kind === "answers" && answerRows.some(holds));
  return group.columns.reduce((sum, { meta_data: chunk }) => {
    const isTouched = isAll || columns.includes(chunk?.path_in_schema[0] ?? "");
    return sum + (isTouched ? Number(chunk?.total_compressed_size ?? 0) : 0);
  }, 0);
}

function overlaps(
  group: RowGroup,
  { column, low, high }: { column: string; low: string | number; high: string | number },
): boolean {
  const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column)?.meta_data;
  const least = plain(chunk?.statistics?.min_value ?? chunk?.statistics?.min);
  const greatest = plain(chunk?.statistics?.max_value ?? chunk?.statistics?.max);
  // Without statistics the row group has to be looked into.
  if (least === undefined || greatest === undefined) return true;
  return greatest >= low && least <= high;
}

function plain(value: unknown): string | number | undefined {
  if (value instanceof Date) return value.toISOString().slice(0, 10);
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" || typeof value === "string" ? value : undefined;
}

/** Footer: metadata, its length and the magic number. Source: Parquet file format. */
async function readFooter(path: string): Promise<{ metadata: FileMetaData; footerBytes: number }> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const tail = Buffer.alloc(8);
    await file.read(tail, 0, 8, size - 8);
    const footerBytes = tail.readUInt32LE(0) + 8;
    const footer = new Uint8Array(footerBytes);
    await file.read(footer, 0, footerBytes, size - footerBytes);
    return { metadata: parquetMetadata(footer.buffer), footerBytes };
  } finally {
    await file.close();
  }
}
