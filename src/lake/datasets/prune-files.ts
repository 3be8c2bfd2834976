import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import type { SqlEngine, StatementPlan } from "../sql/engine.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { deltaVersion } from "./delta-dataset.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { versionOf } from "./resolve-dataset.ts";

/**
 * Does `work` on the tables that `pruneFiles` leaves, and where they lack a column of the statement, which only files
 * left out may have, on all files.
 */
export async function withPruned<T>(
  engine: SqlEngine,
  tables: readonly NamedDataset[],
  plan: StatementPlan,
  scope: LakeScope,
  work: (tables: readonly NamedDataset[]) => Promise<T>,
): Promise<T> {
  const pruned = await pruneFiles(engine, tables, plan, scope);
  const isPruned = pruned.some(({ dataset }, at) => dataset !== tables[at]?.dataset);
  try {
    return await work(pruned);
  } catch (thrown) {
    if (!isPruned || !lacksColumn(thrown)) throw thrown;
    try {
      return await work(tables);
    } catch {
      // The name is in none of the files, or they are too many to find out: what was said first is what helps.
      throw thrown;
    }
  }
}

/** By the engine's words for a name that is no column. */
export function lacksColumn(thrown: unknown): thrown is ToolError {
  if (!(thrown instanceof ToolError) || thrown.code !== "invalid_input") return false;
  return /column "[\s\S]*" (not found|cannot be referenced)|does not have a column|There is no column/i.test(
    thrown.message,
  );
}

/**
 * The tables without the files whose partition values no row of the result can have: told by names alone, before
 * anything of a file is read. At least one file is kept, for the columns. Says in a note what was left out.
 */
async function pruneFiles(
  engine: SqlEngine,
  tables: readonly NamedDataset[],
  { readings }: StatementPlan,
  scope: LakeScope,
): Promise<NamedDataset[]> {
  return Promise.all(
    tables.map(async (table) => {
      const names = [table.name, ...(table.otherNames ?? [])].map(foldName);
      const own = readings.filter((reading) => names.includes(foldName(reading.table)));
      const kept = await keptPartitions(engine, table.dataset, own, scope);
      return kept ? { ...table, dataset: withFiles(table.dataset, kept) } : table;
    }),
  );
}

/** Undefined where every file may count. */
async function keptPartitions(
  engine: SqlEngine,
  { files, partitionColumns: columns }: Dataset,
  readings: StatementPlan["readings"],
  scope: LakeScope,
): Promise<DataFile[] | undefined> {
  const known = new Set(columns.map(({ name }) => foldName(name)));
  if (known.size === 0 || files.length < 2 || readings.length === 0) return undefined;
  const partitions = partitionsOf(files, columns);
  const rows = [...partitions.keys()].map((key): (string | null)[] => JSON.parse(key));
  const kept = new Set<number>();
  for (const reading of readings) {
    const conditions = reading.conditions.filter(({ columns }) =>
      columns.every((name) => known.has(foldName(name))),
    );
    const found =
      conditions.length === 0 ? undefined : await engine.filter({ columns, rows, conditions }, scope);
    if (!found) return undefined;
    for (const number of found) kept.add(number);
  }
  if (kept.size === rows.length) return undefined;
  const inKept = new Set([...partitions.values()].filter((_, at) => kept.has(at)).flat());
  // In the order of the dataset, which is the order of its rows.
  return files.filter((file) => inKept.has(file));
}

/** Files by the JSON of their partition values. */
function partitionsOf(
  files: readonly DataFile[],
  columns: Dataset["partitionColumns"],
): Map<string, DataFile[]> {
  const partitions = new Map<string, DataFile[]>();
  for (const file of files) {
    const key = JSON.stringify(columns.map(({ name }) => file.partition[name] ?? null));
    const known = partitions.get(key);
    if (known) known.push(file);
    else partitions.set(key, [file]);
  }
  return partitions;
}

function withFiles(dataset: Dataset, kept: DataFile[]): Dataset {
  const files = kept.length > 0 ? kept : dataset.files.slice(0, 1);
  const note = `Read were ${kept.length} of ${dataset.files.length} files: the partition values of the others are outside the conditions.${dataset.delta ? "" : " The columns are those of the files read."}`;
  return {
    ...dataset,
    files,
    sizeBytes: files.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    version: dataset.delta
      ? deltaVersion(dataset.delta, files)
      : versionOf(
          dataset.hints,
          files.map(({ object }) => object),
        ),
    notes: [...dataset.notes, note],
  };
}
