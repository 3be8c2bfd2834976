import { createHash } from "node:crypto";
import { ToolError } from "../../core/errors.ts";
import { type AddFile, fileKey } from "../delta/actions.ts";
import { type DeltaField, sqlType } from "../delta/schema.ts";
import type { Snapshot } from "../delta/snapshot.ts";
import { pathInTable } from "../delta/table-root.ts";
import type { FormatHints } from "../formats/format.ts";
import { formatLocation, quoteName } from "../location-names.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { PartitionValues } from "./partitions.ts";

/**
 * A Delta table's snapshot as a dataset: its files by the log alone, with the partition values and sizes the log
 * has. Throws `denied` for a file outside the table's folder, `invalid_input` for hints of another format.
 */
export type DeltaDataset = (uri: string, hints: FormatHints, snapshot: Snapshot) => Dataset;

/** Makes of each snapshot one dataset, however often it is asked for. */
export function createDeltaDatasets(): DeltaDataset {
  const made = new WeakMap<Snapshot, Omit<Dataset, "uri">>();
  return (uri, hints, snapshot) => {
    refuseHints(uri, hints);
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
    return { object, partition: partitionOf(added, partitionFields), added };
  });
  return {
    hints: {},
    files,
    partitionColumns: partitionFields.map(({ name, type }) => ({ name, type: sqlType(type) })),
    sizeBytes: files.reduce((sum, { object }) => sum + object.sizeBytes, 0),
    version: deltaVersion(snapshot, files),
    notes: zoneNotes(snapshot),
    delta: snapshot,
  };
}

function refuseHints(uri: string, { format, ...others }: FormatHints): void {
  const [other] = Object.keys(others);
  if ((format === undefined || format === "parquet") && other === undefined) return;
  throw new ToolError(
    "invalid_input",
    `${quoteName(uri)} is a Delta table, whose files are Parquet. Leave out ${other ?? "format"}.`,
  );
}

/** Names one state of a table, or of some of its files, whatever it was called. */
export function deltaVersion({ root, fields, version }: Snapshot, files: readonly DataFile[]) {
  const hash = createHash("sha256").update(JSON.stringify([root.location, version, fields]));
  for (const { object, added } of files)
    hash.update(JSON.stringify([object.sizeBytes, added && fileKey(added), added?.modificationTime]));
  return hash.digest("base64url").slice(0, 22);
}

/** An empty text is no value, of whatever type. Source: Delta protocol, "Partition Value Serialization". */
function partitionOf({ partitionValues }: AddFile, fields: readonly DeltaField[]): PartitionValues {
  return Object.fromEntries(
    fields.map(({ name, physicalName, type }) => {
      const value = partitionValues[physicalName] ?? partitionValues[name] ?? "";
      const text = sqlType(type) === "BLOB" ? bytesText(value) : value;
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

/** Bytes as the engine casts them from text. */
function bytesText(value: string): string {
  return [...Buffer.from(value)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0").toUpperCase()}`)
    .join("");
}
