import type { LakeScope } from "../scope.ts";
import type { Stores } from "../stores/store.ts";
import type { TableField } from "../tables/table-field.ts";
import type { TableRoot } from "../tables/table-root.ts";
import type { TableSnapshot } from "../tables/table-snapshot.ts";
import type { ChosenSnapshot } from "./choose-snapshot.ts";
import { damagedMetadata, unsupportedFeature } from "./faults.ts";
import { deletesByFile } from "./match-deletes.ts";
import { type LiveFile, readSnapshotFiles } from "./read-files.ts";
import type { OpenMetadata } from "./read-metadata.ts";
import { fieldsOf, parseNameMapping } from "./schema.ts";
import {
  type PartitionSpec,
  type SnapshotJson,
  schemaOf,
  specsOf,
  type TableMetadata,
} from "./table-metadata.ts";
import { type TablePaths, tablePaths } from "./table-paths.ts";

/** A table at one of its snapshots. */
export interface IcebergSnapshot extends TableSnapshot {
  format: "Iceberg";
  metadata: TableMetadata;
  /** Of the metadata file. */
  metadataUri: string;
  /** Undefined for a table that never had a row. */
  snapshot: SnapshotJson | undefined;
  paths: TablePaths;
  specs: ReadonlyMap<number, PartitionSpec>;
  files: DataFileOfSnapshot[];
}

/** A file with rows, and the files that may name deleted rows of it. */
export interface DataFileOfSnapshot extends LiveFile {
  deletes: LiveFile[];
}

/** What reading a snapshot takes. */
export interface SnapshotReading {
  stores: Stores;
  root: TableRoot;
  table: OpenMetadata;
}

/** Reads what a snapshot is made of. Throws `invalid_input` for damaged metadata, `unsupported` with the feature's name. */
export async function readIcebergSnapshot(
  { stores, root, table: { object, metadata } }: SnapshotReading,
  { snapshot, schemaId }: ChosenSnapshot,
  identity: string,
  scope: LakeScope,
): Promise<IcebergSnapshot> {
  const { uri } = root;
  if (metadata["encryption-keys"]?.length || (snapshot?.["key-id"] ?? null) !== null)
    throw unsupportedFeature(uri, "encryption");
  const names = parseNameMapping(metadata.properties?.["schema.name-mapping.default"], object.uri);
  const fields = fieldsOf(schemaOf(metadata, schemaId, object.uri), names ?? new Map(), uri);
  const specs = specsOf(metadata);
  const paths = tablePaths(root, metadata.location);
  const reading = { stores, root, paths, formatVersion: metadata["format-version"] };
  const { data, deletes } = snapshot
    ? await readSnapshotFiles(reading, snapshot, scope)
    : { data: [], deletes: [] };
  const deletesOf = deletesByFile(deletes, uri);
  const kept = identities(data, specs, fields, object.uri);
  return {
    format: "Iceberg",
    identity,
    root,
    state: identity,
    fields: fields.map((field) => (kept.some.has(field) ? { ...field, isKeptOutside: true } : field)),
    partitionFields: kept.all,
    filesWithoutIds: names ? "names" : "refused",
    metadata,
    metadataUri: object.uri,
    snapshot,
    paths,
    specs,
    files: data.map((file) => ({ ...file, deletes: deletesOf(file) })),
  };
}

/** Columns whose values all files have in the metadata, each one, and those of which only some files have them. */
function identities(
  files: readonly LiveFile[],
  specs: ReadonlyMap<number, PartitionSpec>,
  fields: readonly TableField[],
  uri: string,
): { all: TableField[]; some: Set<TableField> } {
  const used = [...new Set(files.map(({ specId }) => specId))].map((specId) => {
    const spec = specs.get(specId);
    if (!spec) throw damagedMetadata(uri, `it has no partition spec ${specId}`);
    return new Set(identityFields(spec).values());
  });
  const isPlain = ({ type }: TableField) => type.kind === "plain";
  const kept = fields.filter((field) => isPlain(field) && used.some((ids) => ids.has(field.fieldId ?? -1)));
  const all = kept.filter(({ fieldId = -1 }) => used.every((ids) => ids.has(fieldId)));
  return { all, some: new Set(kept.filter((field) => !all.includes(field))) };
}

/** The first number of partition fields, where old tables do not number them. */
const firstPartitionId = 1_000;

/** Numbers of columns by the numbers of the partition fields that have their values as they are. */
export function identityFields({ fields }: PartitionSpec): Map<number, number> {
  return new Map(
    fields.flatMap(({ transform, "source-id": sourceId, "field-id": fieldId }, at) =>
      transform === "identity" && sourceId !== undefined
        ? [[fieldId ?? firstPartitionId + at, sourceId] as const]
        : [],
    ),
  );
}
