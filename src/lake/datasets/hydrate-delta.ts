import { ToolError } from "../../core/errors.ts";
import { readDeletionVector } from "../delta/deletion-vector.ts";
import type { DeltaTables } from "../delta/delta-tables.ts";
import type { Snapshot } from "../delta/snapshot.ts";
import { isFetchedWhole } from "../formats/parquet-tail.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import type { ScanFile } from "../sql/engine.ts";
import type { StoredObject } from "../stores/store.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { hydrating } from "./hydrating.ts";
import type { CallHolds, HydratedTable, HydrationDeps } from "./hydration.ts";
import { mapBounded } from "./map-bounded.ts";
import { maxDatasetFiles } from "./select-files.ts";

/** Files opened at once. */
const parallelFiles = 64;

/**
 * Opens the files of a Delta table by their footers, with the rows that were deleted. Throws `too_large` past 10,000
 * files, `denied` and `invalid_input` as the log's reader does, `changed` for a file that is not as the log has it.
 */
export async function hydrateDelta(
  deps: HydrationDeps,
  dataset: Dataset,
  snapshot: Snapshot,
  holds: CallHolds,
  scope: LakeScope,
): Promise<HydratedTable> {
  const total = dataset.files.length;
  if (total > maxDatasetFiles) throw tooManyFiles(dataset, total);
  let done = 0;
  const files = await mapBounded(dataset.files, parallelFiles, async (file) => {
    const opened = await openFile(deps, snapshot, file, holds, scope);
    scope.progress({ done: ++done, total, message: "opening files" });
    return opened;
  });
  return {
    scan: {
      format: "parquet",
      files,
      partitionColumns: dataset.partitionColumns,
      deltaFields: snapshot.fields,
    },
    detected: { format: "parquet", compression: "none", notes: [] },
    notes: [],
  };
}

function tooManyFiles({ uri, partitionColumns }: Dataset, count: number): ToolError {
  const names = partitionColumns.map(({ name }) => name).join(", ");
  const on = names === "" ? "columns its log has statistics of" : names;
  const how = `Name fewer by conditions on ${on}, or compact it (OPTIMIZE).`;
  return new ToolError(
    "too_large",
    `This would read ${count} files of the Delta table ${quoteName(uri)}; ${maxDatasetFiles} are allowed. ${how}`,
    { details: { files: count, maxTableFiles: maxDatasetFiles } },
  );
}

async function openFile(
  { parquet: parquetFiles, stores, delta }: HydrationDeps,
  { root }: Snapshot,
  { object: named, partition, added }: DataFile,
  { pins, budget }: CallHolds,
  scope: LakeScope,
): Promise<ScanFile> {
  scope.signal.throwIfAborted();
  const vector = added?.deletionVector;
  const [object, bitmap] = await Promise.all([
    delta.storedFile(named, scope),
    vector && readDeletionVector(stores, root, vector, scope),
  ]);
  // A small one comes whole with its footer.
  if (isFetchedWhole(object.sizeBytes)) budget.spend(object.sizeBytes);
  const parquet = await unlessChanged(delta, object, scope, () => parquetFiles.open(object, scope));
  if (!parquet) {
    throw new ToolError(
      "invalid_input",
      `${quoteName(object.uri)} of the Delta table is not a Parquet file: it does not end as one does.`,
    );
  }
  pins.add(parquet.release);
  if (bitmap) budget.spend(bitmap.length);
  const { hydrate } = hydrating(parquet, budget, scope);
  return {
    path: parquet.path,
    uri: object.uri,
    partition,
    version: JSON.stringify([scope.tenantId, object.uri, object.etag, object.sizeBytes]),
    ...(hydrate ? { hydrate: forgetting(delta, object, scope, hydrate) } : {}),
    ...(vector && bitmap ? { deleted: { bitmap, rowCount: vector.cardinality } } : {}),
  };
}

function forgetting(
  delta: DeltaTables,
  object: StoredObject,
  scope: LakeScope,
  hydrate: NonNullable<ScanFile["hydrate"]>,
): NonNullable<ScanFile["hydrate"]> {
  return (ranges, isCheck) => {
    const { fetch } = hydrate(ranges, isCheck);
    return { fetch: (signal) => unlessChanged(delta, object, scope, () => fetch(signal)) };
  };
}

/** What is remembered of a file that was replaced must not stand in the way of the next call. */
async function unlessChanged<T>(
  delta: DeltaTables,
  object: StoredObject,
  scope: LakeScope,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "changed") delta.forgetFile(object, scope);
    throw thrown;
  }
}
