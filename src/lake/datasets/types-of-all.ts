import type { LakeScope } from "../scope.ts";
import type { StatementPlan } from "../sql/engine.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { mapBounded } from "./map-bounded.ts";
import { claimsParquet } from "./open-parquet.ts";
import type { LakeParts } from "./with-tables.ts";

/** Files of a dataset that are looked at for their types alone. */
const maxFiles = 64;
/** Bytes of a dataset of text, whose types are those of all its values. */
const maxTextBytes = 32 * 1024 * 1024;
const parallelFooters = 32;

/**
 * Whether the types of some of a dataset's files do for a statement: `same` where they are those of all files in what the
 * answer depends on, `other` where they are not or all files must be read to tell, `unknown` where that is too much.
 */
export async function typesOfAll(
  parts: LakeParts,
  dataset: Dataset,
  kept: Dataset,
  { typedColumns }: Pick<StatementPlan, "typedColumns">,
  scope: LakeScope,
): Promise<"same" | "other" | "unknown"> {
  const ofFolders = new Set(dataset.partitionColumns.map(({ name }) => foldName(name)));
  const wanted = (name: string) =>
    !ofFolders.has(foldName(name)) && (typedColumns === "any" || typedColumns.includes(foldName(name)));
  if (typedColumns !== "any" && !typedColumns.some(wanted)) return "same";
  if (!isParquet(dataset)) return isFewText(dataset) ? "other" : "unknown";
  if (areKnownAlike(parts, dataset, scope)) return "same";
  const ofFirst = await typesOfFirst(parts, kept, wanted, scope);
  if (!ofFirst || (ofFirst.size > 0 && [...ofFirst.values()].every(isText))) return "same";
  const isFew =
    dataset.files.length <= maxFiles ||
    dataset.files.every(({ object }) => parts.parquet.isKnown(object, scope));
  return isFew ? compareFooters(parts, dataset, kept, wanted, scope) : "unknown";
}

/** Whether all files may be read where a statement cannot be run by the types of some. */
export function mayReadAll(dataset: Dataset): boolean {
  return isParquet(dataset) || isFewText(dataset);
}

function isParquet({ files, hints }: Dataset): boolean {
  return files.every(({ object }) => claimsParquet(object, hints));
}

function isFewText({ files, sizeBytes }: Dataset): boolean {
  return files.length <= maxFiles && sizeBytes <= maxTextBytes;
}

/** Text is the widest type: what is text in one file is so in all of them together. */
function isText(type: string): boolean {
  return type === "VARCHAR";
}

async function compareFooters(
  parts: LakeParts,
  { files }: Dataset,
  kept: Dataset,
  wanted: (name: string) => boolean,
  scope: LakeScope,
): Promise<"same" | "other" | "unknown"> {
  const types = await mapBounded(files, parallelFooters, (file) => columnTypes(parts, file, wanted, scope));
  const isKept = new Set(kept.files);
  const ofKept = new Map<string, Set<string>>();
  const others: [string, string][] = [];
  for (const [at, found] of types.entries()) {
    const file = files[at];
    for (const [name, type] of found ?? []) {
      if (file && isKept.has(file)) ofKept.set(name, (ofKept.get(name) ?? new Set()).add(type));
      else others.push([name, type]);
    }
  }
  const isSame = ([name, type]: [string, string]) => {
    const known = ofKept.get(name);
    return !known || known.has(type) || [...known].some(isText);
  };
  if (!others.every(isSame)) return "other";
  return types.includes(undefined) ? "unknown" : "same";
}

function areKnownAlike({ parquet }: LakeParts, { files }: Dataset, scope: LakeScope): boolean {
  const [first, ...others] = files;
  const schema = first && parquet.knownSchema(first.object, scope);
  return schema !== undefined && others.every(({ object }) => parquet.knownSchema(object, scope) === schema);
}

/** Of a file that is opened anyway, so that its footer is not fetched apart. */
async function typesOfFirst(
  parts: LakeParts,
  { files: [first] }: Dataset,
  wanted: (name: string) => boolean,
  scope: LakeScope,
): Promise<Map<string, string> | undefined> {
  if (!first) return undefined;
  const file = await unlessUnreadable(() => parts.parquet.open(first.object, scope), scope);
  try {
    return await columnTypes(parts, first, wanted, scope);
  } finally {
    file?.release();
  }
}

/** Undefined for a file whose footer cannot be read, which is not asked for. */
async function columnTypes(
  { footers }: LakeParts,
  { object }: DataFile,
  wanted: (name: string) => boolean,
  scope: LakeScope,
): Promise<Map<string, string> | undefined> {
  const footer = await unlessUnreadable(() => footers.read(object, scope), scope);
  const own = footer?.columns.filter(({ name }) => wanted(name));
  return own && new Map(own.map(({ name, type }) => [foldName(name), type]));
}

async function unlessUnreadable<T>(work: () => Promise<T>, { signal }: LakeScope): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
