import type { DatasetRows } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { StatementPlan } from "../sql/engine.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { TableFormat } from "../tables/table-snapshot.ts";
import { countAnswer, footersOf } from "./count-by-footers.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { filesOfPartitions } from "./prune-files.ts";
import { maxDatasetFiles } from "./select-files.ts";
import type { LakeParts } from "./with-tables.ts";

/**
 * The answer of `SELECT count(*) FROM t` over a table of Delta or Iceberg, of all rows or those of some partitions: by what it says of its files, and the
 * footers of files of which it does not say it. Undefined for other statements and tables, and where a footer cannot be
 * read: the engine says why.
 */
export async function countByLog(
  parts: Pick<LakeParts, "engine" | "storedFiles" | "footers">,
  [table, ...others]: readonly NamedDataset[],
  { count }: StatementPlan,
  scope: LakeScope,
): Promise<DatasetRows | undefined> {
  if (!count || !table?.dataset.table || others.length > 0) return undefined;
  const { dataset } = table;
  const files = count.where ? await filesThatMeet(parts, dataset, count.where, scope) : dataset.files;
  const rowCount = files && (await rowsOf(parts, files, table.dataset.table.format, scope));
  return rowCount === undefined ? undefined : countAnswer(count.name, rowCount, dataset.notes);
}

/** Undefined where rows of one file may differ in it. */
async function filesThatMeet(
  { engine }: Pick<LakeParts, "engine">,
  dataset: Dataset,
  where: NonNullable<NonNullable<StatementPlan["count"]>["where"]>,
  scope: LakeScope,
): Promise<DataFile[] | undefined> {
  const known = new Set(dataset.partitionColumns.map(({ name }) => foldName(name)));
  const isOfPartitions = where.columns.every((name) => known.has(foldName(name)));
  return isOfPartitions ? filesOfPartitions(engine, dataset, [where], scope) : undefined;
}

async function rowsOf(
  { storedFiles, footers }: Pick<LakeParts, "storedFiles" | "footers">,
  files: readonly DataFile[],
  format: TableFormat,
  scope: LakeScope,
): Promise<number | undefined> {
  const counts = files.map(({ inTable }) => inTable?.rowCount());
  const unknown = files.filter((_, at) => counts[at] === undefined);
  const deleted = unknown.map(({ inTable }) => inTable?.deletedCount);
  if (unknown.length > maxDatasetFiles || deleted.includes(undefined)) return undefined;
  const read = await footersOf(unknown, async ({ object }) =>
    footers.read(await storedFiles.storedFile(object, format, scope), scope),
  );
  const others = read?.map(({ rowCount }, at) => rowCount - (deleted[at] ?? 0));
  return others && [...counts, ...others].reduce<number>((sum, rows) => sum + (rows ?? 0), 0);
}
