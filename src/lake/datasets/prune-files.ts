import { ToolError } from "../../core/errors.ts";
import type { LakeScope } from "../scope.ts";
import type { SqlEngine, StatementPlan } from "../sql/engine.ts";
import type { RowCondition } from "../sql/gate/row-conditions.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { mapBounded } from "./map-bounded.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { versionOf } from "./resolve-dataset.ts";
import { filesByStatistics } from "./skip-files.ts";
import { tableVersion } from "./table-version.ts";
import { mayReadAll, typesOfAll } from "./types-of-all.ts";
import type { LakeParts } from "./with-tables.ts";

/**
 * Does `work` on the tables that `pruneFiles` leaves; on all files where those left out decide what the statement means: they
 * have types that change its answer, or it cannot be run by the columns and types of the others.
 */
export async function withPruned<T>(
  parts: LakeParts,
  tables: readonly NamedDataset[],
  plan: StatementPlan,
  scope: LakeScope,
  work: (tables: readonly NamedDataset[]) => Promise<T>,
): Promise<T> {
  const found = await pruneFiles(parts.engine, tables, plan, scope);
  const pruned = await withTypes(parts, tables, found, plan, scope);
  try {
    return await work(pruned);
  } catch (thrown) {
    const others = tablesToTry(tables, found, pruned, thrown);
    if (!others) throw thrown;
    try {
      return await work(others);
    } catch {
      // The name is in none of the files, or they are too many to find out: what was said first is what helps.
      throw thrown;
    }
  }
}

/** All files of a table in place of some, where their types change the answer. Says in a note where that is not known. */
async function withTypes(
  parts: LakeParts,
  tables: readonly NamedDataset[],
  pruned: readonly NamedDataset[],
  plan: StatementPlan,
  scope: LakeScope,
): Promise<NamedDataset[]> {
  return mapBounded(pruned, 4, async (table, at) => {
    const whole = tables[at];
    if (!whole || !isByFolders(table, whole)) return table;
    const types = await typesOfAll(parts, whole.dataset, table.dataset, plan, scope);
    if (types === "other") return whole;
    return types === "same" ? table : withNote(table, typesNote);
  });
}

const typesNote =
  "The types are those of the files read. Where one left out has text in a column that is compared with text or put in order, a statement over all files does that by text.";

function withNote(table: NamedDataset, note: string): NamedDataset {
  return { ...table, dataset: { ...table.dataset, notes: [...table.dataset.notes, note] } };
}

/** The columns of a table of Delta or Iceberg are those of its schema, whatever files are read. */
function isByFolders({ dataset }: NamedDataset, whole: NamedDataset | undefined): boolean {
  return !dataset.table && dataset !== whole?.dataset;
}

/** What to do the work on after a fault that may come of the files left out, or of those read for their types. */
function tablesToTry(
  tables: readonly NamedDataset[],
  found: readonly NamedDataset[],
  tried: readonly NamedDataset[],
  thrown: unknown,
): readonly NamedDataset[] | undefined {
  const lacking = tried.flatMap((table, at) => (isByFolders(table, tables[at]) ? (tables[at] ?? []) : []));
  const isOfOthers =
    lacksColumn(thrown) || (isOfTypes(thrown) && lacking.every(({ dataset }) => mayReadAll(dataset)));
  if (lacking.length > 0 && isOfOthers) return tables;
  const isWider = (table: NamedDataset, at: number) =>
    table.dataset.files.length < (tried[at]?.dataset.files.length ?? 0);
  if (!found.some(isWider) || !isOfFiles(thrown)) return undefined;
  return found.map((table, at) => (isWider(table, at) ? withNote(table, typesNote) : table));
}

const ofFiles: ReadonlySet<string> = new Set([
  "denied",
  "invalid_input",
  "not_found",
  "too_large",
  "unsupported",
]);

function isOfFiles(thrown: unknown): boolean {
  return thrown instanceof ToolError && ofFiles.has(thrown.code);
}

/** By the engine's words for a value or function that does not go with a type. */
function isOfTypes(thrown: unknown): boolean {
  if (!(thrown instanceof ToolError) || thrown.code !== "invalid_input") return false;
  return /Conversion Error|No function matches|Could not choose|Cannot (compare|mix)/i.test(thrown.message);
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
    : "their partition values are outside the conditions. The columns and their types are those of the others.";
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
