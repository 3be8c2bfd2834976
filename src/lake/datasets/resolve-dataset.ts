import { createHash } from "node:crypto";
import { ToolError } from "../../core/errors.ts";
import type { DeltaTables } from "../delta/delta-tables.ts";
import type { IcebergTables } from "../iceberg/iceberg-tables.ts";
import type { DatasetRequest } from "../lake.ts";
import type { Location } from "../location.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { ObjectDetails, StoredObject, Stores } from "../stores/store.ts";
import type { StoredFiles } from "../tables/stored-files.ts";
import { type Dataset, named, nameOf } from "./dataset.ts";
import { findTable, tableOfMetadata } from "./find-table.ts";
import { compileGlob, hasWildcard } from "./glob.ts";
import { listBelow } from "./list-files.ts";
import { type PartitionValues, partitionColumns, partitionValues } from "./partitions.ts";
import { refuseFileOfIceberg, refuseInsideIceberg } from "./refuse-inside-iceberg.ts";
import { selectDataFiles } from "./select-files.ts";
import { createShownFiles } from "./shown-files.ts";
import {
  insideTable,
  probe,
  refuseFileOfDelta,
  refuseMoment,
  rootAt,
  withoutPartitions,
} from "./table-root-at.ts";

/** What finding the files of a name takes. */
export interface ResolveDeps {
  stores: Stores;
  delta: DeltaTables;
  iceberg: IcebergTables;
  storedFiles: StoredFiles;
}

/**
 * Finds the files a name stands for, in this order: an object of exactly that name, a pattern where no folder has
 * exactly that name, a table of Delta or Iceberg, a folder. A pattern that ends in `/` names all below the folders it
 * matches. Throws `not_found`, `denied`, `too_large`, `unsupported` for tables of Hudi.
 */
export async function resolveDataset(
  deps: ResolveDeps,
  request: DatasetRequest,
  scope: LakeScope,
): Promise<Dataset> {
  const { stores, storedFiles } = deps;
  const { uri, version, timestamp, snapshot, ...hints } = request;
  const moment = { version, timestamp, snapshot };
  const asked = { uri, moment, hints };
  const isPattern = hasWildcard(uri) && !(await isFolderSoNamed(stores, uri, scope));
  // Asked at once, as each takes a request: what is not needed is left.
  const refusing = started(() =>
    Promise.all([refuseFileOfDelta(stores, uri, scope), refuseFileOfIceberg(stores, uri, scope)]),
  );
  const isKnown = !isPattern && isKnownTable(deps, uri, scope);
  const find = () => findTable(deps, asked, scope);
  const finding = isKnown ? started(find) : undefined;
  const object = await findObject(stores, uri, scope);
  if (object) {
    await refusing;
    const table = await tableOfMetadata(deps, asked, object, scope);
    if (table) return table;
    refuseMoment(uri, moment);
    return datasetOf(uri, hints, [object], [], object);
  }
  if (isPattern) refuseMoment(uri, moment);
  const shown = createShownFiles(scope);
  const select = () =>
    isPattern
      ? filesOfGlob(stores, uri, scope)
      : asGiven(uri, () => filesOfFolder(stores, uri, shown.scope, shown.add));
  const selecting = isKnown ? undefined : started(select);
  const open = isPattern ? undefined : await asGiven(uri, () => finding ?? find());
  if (open) {
    shown.enough();
    const dataset = await asGiven(uri, open);
    storedFiles.noteFiles(shown.among(dataset.files), scope);
    return dataset;
  }
  const { files, notes } = await (selecting ?? select());
  refuseMoment(uri, moment);
  if (files.length === 0) {
    throw new ToolError("not_found", [`No data file is at ${quoteName(uri)}.`, ...notes].join(" "));
  }
  return datasetOf(uri, hints, files, notes);
}

/** All characters of a pattern may be in names: a folder of exactly the name goes before the pattern. */
async function isFolderSoNamed(stores: Stores, uri: string, scope: LakeScope): Promise<boolean> {
  if (!uri.endsWith("/")) return false;
  let location: Location;
  try {
    location = stores.resolve(uri);
  } catch {
    return false;
  }
  return probe(stores, location, scope);
}

/** A name outside what may be read is said so by what follows. */
function isKnownTable({ stores, delta, iceberg }: ResolveDeps, uri: string, scope: LakeScope) {
  try {
    const root = rootAt(stores, uri);
    return delta.isKnown(root, scope) || iceberg.isKnown(root, scope);
  } catch {
    return false;
  }
}

/** Work whose failure counts only where it is waited for. */
function started<T>(work: () => Promise<T>): Promise<T> {
  const promise = work();
  promise.catch(() => {});
  return promise;
}

/**
 * A pattern may lie outside what may be read where its files do not, S3 answers 403 for what may not be listed,
 * and a local folder is no file: what follows says it better.
 */
async function findObject(stores: Stores, uri: string, scope: LakeScope): Promise<ObjectDetails | undefined> {
  const passing = ["not_found", "invalid_input", ...(hasWildcard(uri) ? ["denied"] : [])];
  try {
    const location = stores.resolve(uri);
    return isFolderName(location) ? undefined : await stores.head(location, scope.signal);
  } catch (error) {
    if (error instanceof ToolError && passing.includes(error.code)) return undefined;
    throw error;
  }
}

function isFolderName(location: Location): boolean {
  const name = nameOf(location);
  return name === "" || name.endsWith("/");
}

/** A name that is no file is tried as a folder; what is said of that is said of the name as it was given. */
async function asGiven<T>(uri: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (uri.endsWith("/") || !(thrown instanceof ToolError)) throw thrown;
    const { code, details, retryable, cause } = thrown;
    const message = thrown.message.replaceAll(quoteName(`${uri}/`), quoteName(uri));
    throw new ToolError(code, message, { cause, details, retryable });
  }
}

async function filesOfFolder(
  stores: Stores,
  uri: string,
  scope: LakeScope,
  onPage: (objects: readonly StoredObject[]) => void,
) {
  const location = stores.resolve(uri.endsWith("/") ? uri : `${uri}/`);
  const folder = nameOf(location);
  const listed = await listBelow(stores, location, scope, onPage);
  await refuseInsideDelta(stores, uri, location, location, scope);
  await refuseInsideIceberg(stores, uri, location, scope);
  return selectDataFiles(uri, folder, listed, () => true);
}

async function filesOfGlob(stores: Stores, uri: string, scope: LakeScope) {
  const literal = uri.slice(0, compileGlob(uri).literalPrefix.length);
  const folder = stores.resolve(literal.slice(0, literal.lastIndexOf("/") + 1));
  const from = folder.kind === "s3" ? stores.resolve(literal) : folder;
  const pattern = `${nameOf(folder)}${uri.slice(literal.lastIndexOf("/") + 1)}`;
  const glob = compileGlob(pattern.endsWith("/") ? `${pattern}**` : pattern);
  const listed = await listBelow(stores, from, scope);
  await refuseInsideDelta(stores, uri, folder, from, scope);
  await refuseInsideIceberg(stores, uri, folder, scope);
  return selectDataFiles(uri, nameOf(folder), listed, glob.matches);
}

/** A Delta table's log can lie above what was listed: above partition folders, or beside a pattern's prefix. */
async function refuseInsideDelta(
  stores: Stores,
  uri: string,
  folder: Location,
  listed: Location,
  scope: LakeScope,
): Promise<void> {
  const root = withoutPartitions(nameOf(folder));
  const log = `${root}_delta_log/`;
  if (log.startsWith(nameOf(listed))) return;
  if (await probe(stores, named(folder, log), scope)) throw insideTable("Delta", uri, named(folder, root));
}

function datasetOf(
  uri: string,
  hints: Dataset["hints"],
  objects: readonly StoredObject[],
  notes: string[],
  object?: ObjectDetails,
): Dataset {
  const partitionOf = partitionsByFolder();
  const files = objects.map((file) => ({ object: file, partition: partitionOf(nameOf(file.location)) }));
  const columns = partitionColumns(files.map(({ object: { uri }, partition }) => ({ uri, partition })));
  return {
    uri,
    hints,
    files,
    ...(object ? { object } : {}),
    partitionColumns: columns,
    sizeBytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    version: versionOf(hints, objects),
    notes,
  };
}

/** Thousands of files lie in few folders. */
function partitionsByFolder(): (name: string) => PartitionValues {
  const known = new Map<string, PartitionValues>();
  return (name) => {
    const folder = name.slice(0, name.lastIndexOf("/") + 1);
    const partition = known.get(folder) ?? partitionValues(folder);
    known.set(folder, partition);
    return partition;
  };
}

/** Tells one set of files at fixed versions, read in one way, from every other. */
export function versionOf(hints: Dataset["hints"], objects: readonly StoredObject[]): string {
  const hash = createHash("sha256").update(JSON.stringify(hints, Object.keys(hints).sort()));
  hash.update(JSON.stringify(objects.map(({ uri, etag, sizeBytes }) => [uri, etag, sizeBytes])));
  return hash.digest("base64url").slice(0, 22);
}
