import type { AddFile } from "../delta/actions.ts";
import { deltaFile } from "../delta/delta-file.ts";
import { partitionValueOf } from "../delta/partition-values.ts";
import type { Snapshot } from "../delta/snapshot.ts";
import { pathInTable } from "../delta/table-path.ts";
import { formatLocation } from "../location-names.ts";
import { bytesText } from "../tables/bytes-text.ts";
import { sqlType, type TableField } from "../tables/table-field.ts";
import type { DataFile } from "./dataset.ts";
import type { PartitionValues } from "./partitions.ts";
import { createTableDatasets } from "./table-datasets.ts";

/** Files by the log alone, with the partition values and sizes it has. */
export const createDeltaDatasets = () => createTableDatasets(readFiles);

function readFiles(snapshot: Snapshot) {
  const { root, partitionFields } = snapshot;
  const files = snapshot.files.map((added): DataFile => {
    const location = pathInTable(root, added.path);
    const object = {
      uri: formatLocation(location),
      location,
      sizeBytes: added.size,
      etag: "",
      lastModified: new Date(added.modificationTime ?? 0),
    };
    return { object, partition: partitionOf(added, partitionFields), inTable: deltaFile(added) };
  });
  return { files, notes: zoneNotes(snapshot) };
}

/** An empty text is no value, of whatever type. Source: Delta protocol, "Partition Value Serialization". */
function partitionOf({ partitionValues }: AddFile, fields: readonly TableField[]): PartitionValues {
  return Object.fromEntries(
    fields.map((field) => {
      const { name, type } = field;
      const value = partitionValueOf(partitionValues, field) ?? "";
      const text = sqlType(type) === "BLOB" ? bytesText(Buffer.from(value)) : value;
      return [name, value === "" ? null : text];
    }),
  );
}

/** Writers that say no zone mean their own, which nothing tells. Source: Delta protocol, "Partition Value Serialization". */
function zoneNotes({ files, partitionFields }: Snapshot): string[] {
  return partitionFields
    .filter(({ type }) => sqlType(type) === "TIMESTAMP WITH TIME ZONE")
    .filter((field) =>
      files.some(({ partitionValues }) =>
        /:\d{2}(?:\.\d+)?$/.test(partitionValueOf(partitionValues, field) ?? ""),
      ),
    )
    .map(({ name }) => `partition times of ${name} are written without a zone; they are taken as UTC`);
}
