import type { Snapshot } from "../delta/snapshot.ts";
import type { FormatHints } from "../formats/format.ts";
import type { IcebergSnapshot } from "../iceberg/snapshot.ts";
import type { Location } from "../location.ts";
import type { Column } from "../sql/engine.ts";
import type { ObjectDetails, StoredObject } from "../stores/store.ts";
import type { TableFile } from "../tables/table-snapshot.ts";
import type { PartitionValues } from "./partitions.ts";

/** One file of a dataset, with what its folders say. */
export interface DataFile {
  object: StoredObject;
  partition: PartitionValues;
  /** Of a table of Delta or Iceberg: what that says of the file. The object's etag is not known then. */
  inTable?: TableFile;
}

/** What a name in a call stands for at one moment: a fixed list of files at fixed versions. */
export interface Dataset {
  /** As the caller wrote it. */
  uri: string;
  hints: FormatHints;
  /** In order of their names; at least one, but for a table of Delta or Iceberg. */
  files: DataFile[];
  /** Present where the name is the name of one object. */
  object?: ObjectDetails;
  partitionColumns: Column[];
  sizeBytes: number;
  /** Changes when any file is added, removed or replaced, and when the caller's hints differ. */
  version: string;
  notes: string[];
  /** Of a table of Delta or Iceberg, at the moment that was asked for. */
  table?: Snapshot | IcebergSnapshot;
}

/** The text partitions and patterns are matched against: an S3 key or a local path. */
export function nameOf(location: Location): string {
  return location.kind === "s3" ? location.key : location.path;
}

/** The place of another name in the same bucket or root. */
export function named(location: Location, name: string): Location {
  return location.kind === "s3" ? { ...location, key: name } : { ...location, path: name };
}
