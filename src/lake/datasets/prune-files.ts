import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import type { SqlEngine, StatementPlan } from "../sql/engine.ts";
import type { RowCondition } from "../sql/gate/row-conditions.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { versionOf } from "./resolve-dataset.ts";
import { filesByStatistics } from "./skip-files.ts";
import { tableVersion } from "./table-version.ts";

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
  // The columns of a table of Delta or Iceberg are those of its schema, whatever files are read.
  const isPruned = pruned.some(({ dataset }, at) => !dataset.table && dataset !== tables[at]?.dataset);
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
 * The tables without the files that can have no row of the result: told by partition values, and of a table of Delta or
 * Iceberg by what it says of its files, before anything of a file is read. At least one file is kept where the columns are those of the files. Says in
 * a note what was left out.
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
      const kept = await keptFiles(engine, table.dataset, own, scope);
      return kept ? { ...table, dataset: withFiles(table.dataset, kept) } : table;
    }),
  );
}

/** Undefined where every file may count. */
async function keptFiles(
  engine: SqlEngine,
  dataset: Dataset,
  readings: StatementPlan["readings"],
  scope: LakeScope,
): Promise<DataFile[] | undefined> {
  const { files, table } = dataset;
  if (files.length < (table ? 1 : 2) || readings.length === 0) return undefined;
  const kept = new Set<DataFile>();
  for (const { conditions } of readings) {
    const found =
      (table && (await filesByStatistics(engine, dataset, table, conditions, scope))) ??
      (await filesOfPartitions(engine, dataset, conditions, scope));
    if (!found) return undefined;
    for (const file of found) kept.add(file);
  }
  // In the order of the dataset, which is the order of its rows.
  return kept.size === files.length ? undefined : files.filter((file) => kept.has(file));
}

/**
 * The files in partitions that meet the conditions on partition columns; what else is asked of rows is left. Undefined
 * where there is no such condition, or it cannot be told.
 */
export async function filesOfPartitions(
  engine: SqlEngine,
  { files, partitionColumns: columns, version, table }: Dataset,
  conditions: readonly RowCondition[],
  scope: LakeScope,
): Promise<DataFile[] | undefined> {
  const known = new Set(columns.map(({ name }) => foldName(name)));
  const own = conditions.filter(({ columns }) => columns.every((name) => known.has(foldName(name))));
  if (own.length === 0) return undefined;
  const partitions = partitionsOf(files, columns);
  const rows = async () => [...partitions.keys()].map((key): (string | null)[] => JSON.parse(key));
  const identity = table?.identity ?? version;
  const found = await engine.filter({ identity, columns, rows, conditions: own }, scope);
  const inKept = [...partitions.values()];
  return found?.flatMap((number) => inKept[number] ?? []);
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
  const { table } = dataset;
  const files = kept.length > 0 || table ? kept : dataset.files.slice(0, 1);
  const why = table
    ? `by the table's ${table.format === "Delta" ? "log" : "manifests"} they have no row that meets the conditions.`
    : "their partition values are outside the conditions. The columns are those of the others.";
  return {
    ...dataset,
    files,
    sizeBytes: files.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    version: table
      ? tableVersion(table, files)
      : versionOf(
          dataset.hints,
          files.map(({ object }) => object),
        ),
    notes: [
      ...dataset.notes,
      `Left out: ${dataset.files.length - kept.length} of ${dataset.files.length} files; ${why}`,
    ],
  };
}
