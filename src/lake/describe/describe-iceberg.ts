import type { Dataset } from "../datasets/dataset.ts";
import { ancestorsOf } from "../iceberg/choose-snapshot.ts";
import type { IcebergSnapshot } from "../iceberg/snapshot.ts";
import type { PartitionSpec, SnapshotJson } from "../iceberg/table-metadata.ts";
import type { DatasetDescription, IcebergFacts } from "../lake.ts";
import { shortEntries } from "../tables/short-entries.ts";
import { sqlType } from "../tables/table-field.ts";
import { partitionsOf } from "./partitions-of.ts";

const shownSnapshots = 10;
const shownRefs = 20;
const shownProperties = 50;

/** What the metadata and manifests of an Iceberg table say; no file with rows is looked at. */
export function describeIceberg(dataset: Dataset, table: IcebergSnapshot): DatasetDescription {
  const { count, exactness } = rowsOf(table);
  const { snapshot, metadata } = table;
  return {
    uri: dataset.uri,
    format: "iceberg",
    compression: "none",
    fileCount: dataset.files.length,
    sizeBytes: dataset.sizeBytes,
    columns: table.fields.map(({ name, type }) => ({ name, type: sqlType(type) })),
    partitions: partitionsOf(dataset),
    rows: { count, exactness },
    iceberg: factsOf(table),
    lastModified: new Date(snapshot?.["timestamp-ms"] ?? metadata["last-updated-ms"]),
    notes: [
      ...dataset.notes,
      ...(exactness === "exact"
        ? []
        : [
            "Several deletes may name the same row, so that there may be more rows. Count them with lake_query.",
          ]),
    ],
  };
}

/** Estimated where there are deletes: each is counted as a row less. */
function rowsOf({ files }: IcebergSnapshot): NonNullable<DatasetDescription["rows"]> {
  const deletes = new Set(files.flatMap(({ deletes }) => deletes));
  const sum = (rows: number, { entry }: { entry: { rowCount: number } }) => rows + entry.rowCount;
  const deleted = [...deletes].reduce(sum, 0);
  const count = Math.max(0, files.reduce(sum, 0) - deleted);
  return { count, exactness: deletes.size === 0 ? "exact" : "estimated" };
}

function factsOf({ metadata, metadataUri, snapshot, specs }: IcebergSnapshot): IcebergFacts {
  const spec = specs.get(metadata["default-spec-id"] ?? 0);
  const refs = Object.entries(metadata.refs ?? {}).slice(0, shownRefs);
  return {
    formatVersion: metadata["format-version"],
    ...(snapshot ? { snapshot: snapshot["snapshot-id"], timestamp: new Date(snapshot["timestamp-ms"]) } : {}),
    metadataFile: metadataUri,
    location: metadata.location.slice(0, 1_024),
    partitionedBy: spec ? partitionedBy(spec) : [],
    refs: Object.fromEntries(refs.map(([name, ref]) => [name, `${ref.type} ${ref["snapshot-id"]}`])),
    properties: shortEntries(metadata.properties ?? {}, shownProperties),
    history: historyOf(metadata, snapshot).map((one) => ({
      snapshot: one["snapshot-id"],
      timestamp: new Date(one["timestamp-ms"]),
      summary: shortEntries(one.summary ?? {}),
    })),
  };
}

/** The snapshot and those it came from, newest first. */
function historyOf(
  metadata: IcebergSnapshot["metadata"],
  snapshot: SnapshotJson | undefined,
): SnapshotJson[] {
  if (!snapshot) return [];
  const from = ancestorsOf({ ...metadata, "current-snapshot-id": snapshot["snapshot-id"] });
  return from.slice(0, shownSnapshots);
}

function partitionedBy({ fields }: PartitionSpec): string[] {
  return fields.slice(0, shownRefs).map(({ name, transform }) => `${name}: ${transform}`);
}
