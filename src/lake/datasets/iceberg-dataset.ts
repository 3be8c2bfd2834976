import { damagedMetadata } from "../iceberg/faults.ts";
import { icebergFile } from "../iceberg/iceberg-file.ts";
import type { LiveFile } from "../iceberg/read-files.ts";
import { partitionText } from "../iceberg/single-value.ts";
import { type IcebergSnapshot, identityFields } from "../iceberg/snapshot.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import type { StoredObject } from "../stores/store.ts";
import { keptOutside, sqlType, type TableField } from "../tables/table-field.ts";
import type { DataFile } from "./dataset.ts";
import type { PartitionValues } from "./partitions.ts";
import { createTableDatasets } from "./table-datasets.ts";

/** Files by the manifests alone, with the partition values and sizes these have. */
export const createIcebergDatasets = () => createTableDatasets(readFiles);

function readFiles(snapshot: IcebergSnapshot) {
  const deletes = new Map<string, StoredObject>();
  const files = snapshot.files.map((file): DataFile => {
    for (const one of file.deletes)
      if (!deletes.has(one.entry.path)) deletes.set(one.entry.path, objectOf(snapshot, one));
    const own = file.deletes.flatMap(({ entry }) => deletes.get(entry.path) ?? []);
    return {
      object: objectOf(snapshot, file),
      partition: partitionOf(snapshot, file),
      inTable: icebergFile(file.entry, own),
    };
  });
  return { files, notes: [...renamedNotes(snapshot), ...movedNotes(snapshot)] };
}

function renamedNotes({ fields }: IcebergSnapshot): string[] {
  return fields
    .filter(({ name, physicalName }) => name !== physicalName)
    .map(
      ({ name, physicalName }) =>
        `The column ${quoteName(physicalName)} is called ${quoteName(name)} here: another differs from it in case only, which SQL does not tell apart.`,
    );
}

function movedNotes({ paths: { movedFrom }, root }: IcebergSnapshot): string[] {
  if (movedFrom === undefined) return [];
  return [
    `The metadata says the table is at ${quoteName(movedFrom)}; its files were looked for at the same places below ${quoteName(root.uri)}.`,
  ];
}

function objectOf({ paths, snapshot }: IcebergSnapshot, { entry }: LiveFile): StoredObject {
  const location = paths.locationOf(entry.path);
  return {
    uri: formatLocation(location),
    location,
    sizeBytes: entry.sizeBytes,
    etag: "",
    lastModified: new Date(snapshot?.["timestamp-ms"] ?? 0),
  };
}

function partitionOf(
  { specs, fields, partitionFields, root }: IcebergSnapshot,
  { entry, specId }: LiveFile,
): PartitionValues {
  const spec = specs.get(specId);
  const columns = new Map(spec && [...identityFields(spec)].map(([id, column]) => [column, id]));
  const isToldOf = ({ fieldId = -1 }: TableField) => columns.has(fieldId);
  try {
    return Object.fromEntries(
      [...partitionFields, ...keptOutside(fields).filter(isToldOf)].map(({ name, fieldId = -1, type }) => {
        const id = columns.get(fieldId);
        if (id === undefined || !entry.partition.has(id)) throw new RangeError(`no value of ${name} is told`);
        return [name, partitionText(sqlType(type), entry.partition.get(id))];
      }),
    );
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw damagedMetadata(root.uri, `of ${quoteName(entry.path)} ${thrown.message}`, thrown);
  }
}
