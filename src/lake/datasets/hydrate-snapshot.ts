import { ToolError } from "../../core/errors.ts";
import { readDeletionVector } from "../delta/deletion-vector.ts";
import { isFetchedWhole } from "../formats/parquet-tail.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { DeletedRows, ScanFile } from "../sql/engine.ts";
import type { StoredObject } from "../stores/store.ts";
import type { StoredFiles } from "../tables/stored-files.ts";
import type { PositionDeletes, TableFile, TableSnapshot } from "../tables/table-snapshot.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { hydrating } from "./hydrating.ts";
import type { CallHolds, HydratedTable, HydrationDeps } from "./hydration.ts";
import { mapBounded } from "./map-bounded.ts";
import { maxDatasetFiles } from "./select-files.ts";

/** Files opened at once. */
const parallelFiles = 64;

/**
 * Opens the files of a table of Delta or Iceberg by their footers, with the rows that were deleted. Throws `too_large`
 * past 10,000 files, `denied` and `invalid_input` as the table's reader does, `changed` for a file that was replaced.
 */
export async function hydrateSnapshot(
  deps: HydrationDeps,
  dataset: Dataset,
  snapshot: TableSnapshot,
  holds: CallHolds,
  scope: LakeScope,
): Promise<HydratedTable> {
  const total = dataset.files.length;
  if (total > maxDatasetFiles) throw tooManyFiles(dataset, snapshot, total);
  const deletes = createDeletes(deps, holds, scope);
  let done = 0;
  const files = await mapBounded(dataset.files, parallelFiles, async (file) => {
    const opened = await openFile(deps, { snapshot, deletes }, file, holds, scope);
    scope.progress({ done: ++done, total, message: "opening files" });
    return opened;
  });
  return {
    scan: {
      format: "parquet",
      files,
      partitionColumns: dataset.partitionColumns,
      tableFields: snapshot.fields,
      ...(snapshot.filesWithoutIds ? { filesWithoutIds: snapshot.filesWithoutIds } : {}),
    },
    detected: { format: "parquet", compression: "none", notes: [] },
    notes: [],
  };
}

function tooManyFiles(
  { uri, partitionColumns }: Dataset,
  { format }: TableSnapshot,
  count: number,
): ToolError {
  const names = partitionColumns.map(({ name }) => name).join(", ");
  const on = names === "" ? "columns it has statistics of" : names;
  const how = `Name fewer by conditions on ${on}, or compact it (${format === "Delta" ? "OPTIMIZE" : "rewrite_data_files"}).`;
  return new ToolError(
    "too_large",
    `This would read ${count} files of the ${format} table ${quoteName(uri)}; ${maxDatasetFiles} are allowed. ${how}`,
    { details: { files: count, maxTableFiles: maxDatasetFiles } },
  );
}

async function openFile(
  deps: HydrationDeps,
  { snapshot, deletes }: { snapshot: TableSnapshot; deletes: Deletes },
  { object: named, partition, inTable }: DataFile,
  { pins, budget }: CallHolds,
  scope: LakeScope,
): Promise<ScanFile> {
  scope.signal.throwIfAborted();
  const { parquet: parquetFiles, storedFiles } = deps;
  const [object, deleted] = await Promise.all([
    storedFiles.storedFile(named, snapshot.format, scope),
    inTable && deletedRows(deps, { snapshot, deletes }, inTable, scope),
  ]);
  // A small one comes whole with its footer.
  if (isFetchedWhole(object.sizeBytes)) budget.spend(object.sizeBytes);
  const parquet = await unlessChanged(storedFiles, object, scope, () => parquetFiles.open(object, scope));
  if (!parquet) {
    throw new ToolError(
      "invalid_input",
      `${quoteName(object.uri)} of the ${snapshot.format} table is not a Parquet file: it does not end as one does.`,
    );
  }
  pins.add(parquet.release);
  if (deleted && "bitmap" in deleted) budget.spend(deleted.bitmap.length);
  const { hydrate } = hydrating(parquet, budget, scope);
  return {
    path: parquet.path,
    uri: object.uri,
    partition,
    isCached: object.location.kind !== "local",
    version: JSON.stringify([scope.tenantId, object.uri, object.etag, object.sizeBytes]),
    ...(hydrate ? { hydrate: forgetting(storedFiles, object, scope, hydrate) } : {}),
    ...(deleted ? { deleted } : {}),
  };
}

async function deletedRows(
  { stores }: HydrationDeps,
  { snapshot, deletes }: { snapshot: TableSnapshot; deletes: Deletes },
  { deletionVector, positionDeletes }: TableFile,
  scope: LakeScope,
): Promise<DeletedRows | undefined> {
  if (positionDeletes) return deletes(positionDeletes);
  if (!deletionVector) return undefined;
  const bitmap = await readDeletionVector(stores, snapshot.root, deletionVector, scope);
  return { bitmap, rowCount: deletionVector.cardinality };
}

type Deletes = (deletes: PositionDeletes) => Promise<DeletedRows>;

/** Fetches files that name deleted rows, each once however many data files it names rows of. */
function createDeletes(
  { cache, storedFiles }: HydrationDeps,
  { pins, budget }: CallHolds,
  scope: LakeScope,
): Deletes {
  const fetched = new Map<string, Promise<string>>();
  const fetch = async (named: StoredObject) => {
    budget.spend(named.sizeBytes);
    const object = await storedFiles.storedFile(named, "Iceberg", scope);
    const file = await unlessChanged(storedFiles, object, scope, () => cache.object(object, scope));
    pins.addVerified(file);
    return file.path;
  };
  const once = (object: StoredObject) => {
    const path = fetched.get(object.uri) ?? fetch(object);
    fetched.set(object.uri, path);
    return path;
  };
  return async ({ filePath, files }) => ({ filePath, paths: await Promise.all(files.map(once)) });
}

function forgetting(
  storedFiles: StoredFiles,
  object: StoredObject,
  scope: LakeScope,
  hydrate: NonNullable<ScanFile["hydrate"]>,
): NonNullable<ScanFile["hydrate"]> {
  return (ranges, isCheck) => {
    const { fetch } = hydrate(ranges, isCheck);
    return { fetch: (signal) => unlessChanged(storedFiles, object, scope, () => fetch(signal)) };
  };
}

/** What is remembered of a file that was replaced must not stand in the way of the next call. */
async function unlessChanged<T>(
  storedFiles: StoredFiles,
  object: StoredObject,
  scope: LakeScope,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "changed") storedFiles.forgetFile(object, scope);
    throw thrown;
  }
}
