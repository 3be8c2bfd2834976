import type { AddFile } from "../delta/actions.ts";
import { deltaFile } from "../delta/delta-file.ts";
import type { Snapshot } from "../delta/snapshot.ts";
import { pathInTable } from "../delta/table-path.ts";
import type { FormatHints } from "../formats/format.ts";
import { formatLocation } from "../location-names.ts";
import { bytesText } from "../tables/bytes-text.ts";
import { sqlType, type TableField } from "../tables/table-field.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { PartitionValues } from "./partitions.ts";
import { refuseTableHints } from "./table-hints.ts";
import { tableVersion } from "./table-version.ts";

/**
 * A Delta table's snapshot as a dataset: its files by the log alone, with the partition values and sizes the log
 * has. Throws `denied` for a file outside the table's folder, `invalid_input` for hints of another format.
 */
export type DeltaDataset = (uri: string, hints: FormatHints, snapshot: Snapshot) => Dataset;

/** Makes of each snapshot one dataset, however often it is asked for. */
export function createDeltaDatasets(): DeltaDataset {
  const made = new WeakMap<Snapshot, Omit<Dataset, "uri">>();
  return (uri, hints, snapshot) => {
    refuseTableHints(uri, snapshot.format, hints);
    const dataset = made.get(snapshot) ?? datasetOf(snapshot);
    made.set(snapshot, dataset);
    return { ...dataset, uri };
  };
}

function datasetOf(snapshot: Snapshot): Omit<Dataset, "uri"> {
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
  return {
    hints: {},
    files,
    partitionColumns: partitionFields.map(({ name, type }) => ({ name, type: sqlType(type) })),
    sizeBytes: files.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    version: tableVersion(snapshot, files),
    notes: zoneNotes(snapshot),
    table: snapshot,
  };
}

/** An empty text is no value, of whatever type. Source: Delta protocol, "Partition Value Serialization". */
function partitionOf({ partitionValues }: AddFile, fields: readonly TableField[]): PartitionValues {
  return Object.fromEntries(
    fields.map(({ name, physicalName, type }) => {
      const value = partitionValues[physicalName] ?? partitionValues[name] ?? "";
      const text = sqlType(type) === "BLOB" ? bytesText(Buffer.from(value)) : value;
      return [name, value === "" ? null : text];
    }),
  );
}

/** Writers that say no zone mean their own, which nothing tells. */
function zoneNotes({ files, partitionFields }: Snapshot): string[] {
  return partitionFields
    .filter(({ type }) => sqlType(type) === "TIMESTAMP WITH TIME ZONE")
    .filter(({ name, physicalName }) =>
      files.some(({ partitionValues }) =>
        /:\d{2}(?:\.\d+)?$/.test(partitionValues[physicalName] ?? partitionValues[name] ?? ""),
      ),
    )
    .map(({ name }) => `partition times of ${name} are written without a zone; they are taken as UTC`);
}
