import { rowCountOf } from "../delta/file-statistics.ts";
import type { DatasetRows } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { StatementPlan } from "../sql/engine.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import { countAnswer, footersOf } from "./count-by-footers.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { filesOfPartitions } from "./prune-files.ts";
import { maxDatasetFiles } from "./select-files.ts";
import type { LakeParts } from "./with-tables.ts";

/**
 * The answer of `SELECT count(*) FROM t` over a Delta table, of all rows or those of some partitions: by the log, and the
 * footers of files of which it does not say it. Undefined for other statements and tables, and where a footer cannot be
 * read: the engine says why.
 */
export async function countByLog(
  parts: Pick<LakeParts, "engine" | "delta" | "footers">,
  [table, ...others]: readonly NamedDataset[],
  { count }: StatementPlan,
  scope: LakeScope,
): Promise<DatasetRows | undefined> {
  if (!count || !table?.dataset.delta || others.length > 0) return undefined;
  const { dataset } = table;
  const files = count.where ? await filesThatMeet(parts, dataset, count.where, scope) : dataset.files;
  const rowCount = files && (await rowsOf(parts, files, scope));
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
  { delta, footers }: Pick<LakeParts, "delta" | "footers">,
  files: readonly DataFile[],
  scope: LakeScope,
): Promise<number | undefined> {
  const counts = files.map(({ added }) => added && rowCountOf([added]));
  const unknown = files.filter((_, at) => counts[at] === undefined);
  if (unknown.length > maxDatasetFiles) return undefined;
  const read = await footersOf(unknown, async ({ object }) =>
    footers.read(await delta.storedFile(object, scope), scope),
  );
  const others = read?.map(
    ({ rowCount }, at) => rowCount - (unknown[at]?.added?.deletionVector?.cardinality ?? 0),
  );
  return others && [...counts, ...others].reduce<number>((sum, rows) => sum + (rows ?? 0), 0);
}
