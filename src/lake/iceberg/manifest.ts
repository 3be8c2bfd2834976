import { z } from "zod";
import type { AvroType } from "./avro/avro-schema.ts";
import type { ByteReader } from "./avro/byte-reader.ts";
import { readAvro } from "./avro/read-avro.ts";
import { type AvroValue, readValue, skipValue } from "./avro/read-value.ts";
import { entryIds, fileIds, idOf } from "./field-ids.ts";
import { RawColumnValues } from "./raw-column-values.ts";

/** What a manifest says of one file that is a part of the table. */
export interface ManifestEntry {
  isExisting: boolean;
  /** Undefined: that of the manifest, or of none. */
  sequenceNumber: number | undefined;
  content: "data" | "positionDeletes" | "equalityDeletes";
  path: string;
  format: string;
  rowCount: number;
  sizeBytes: number;
  /** By the numbers of the partition's fields. */
  partition: ReadonlyMap<number, AvroValue>;
  isEncrypted: boolean;
  /** Of deletes: the one data file they are of. */
  referencedPath: string | undefined;
  nullCounts: RawColumnValues | undefined;
  lowerBounds: RawColumnValues | undefined;
  upperBounds: RawColumnValues | undefined;
}

export interface Manifest {
  /** As its head says; undefined where that does not. */
  specId: number | undefined;
  entries: Iterable<ManifestEntry>;
}

const long = z.union([z.int(), z.bigint()]).transform(Number).pipe(z.int().min(0));
const partition = z.map(z.int(), z.custom<AvroValue>());
const raw = z.custom<RawColumnValues>((value) => value instanceof RawColumnValues).nullish();
const contents = ["data", "positionDeletes", "equalityDeletes"] as const;
const file = z.object({
  [fileIds.content]: z.int().min(0).max(2).nullish(),
  [fileIds.file_path]: z.string().min(1),
  [fileIds.file_format]: z.string(),
  [fileIds.partition]: partition.nullish(),
  [fileIds.record_count]: long,
  [fileIds.file_size_in_bytes]: long,
  [fileIds.null_value_counts]: raw,
  [fileIds.lower_bounds]: raw,
  [fileIds.upper_bounds]: raw,
  [fileIds.key_metadata]: z.unknown().optional(),
  [fileIds.referenced_data_file]: z.string().nullish(),
});
const entry = z.object({
  [entryIds.status]: z.int().min(0).max(2),
  [entryIds.sequence_number]: long.nullish(),
  [entryIds.data_file]: z.unknown().optional(),
});

const rawIds = new Set<number>([fileIds.null_value_counts, fileIds.lower_bounds, fileIds.upper_bounds]);
const ownIds = new Set<number>(Object.values(fileIds));
const existing = 0;
const deleted = 2;

/** Files a manifest lists, but those it says are gone. Throws `AvroFault`, and `ZodError` for what is no manifest. */
export function readManifest(bytes: Buffer): Manifest {
  const { metadata, values } = readAvro(bytes, readEntry);
  const specId = metadata.get("partition-spec-id")?.toString("latin1") ?? "";
  return { specId: /^\d{1,9}$/.test(specId) ? Number(specId) : undefined, entries: entriesOf(values) };
}

function* entriesOf(values: Iterable<Record<number, unknown>>): Generator<ManifestEntry> {
  for (const value of values) {
    const found = entry.parse(value);
    if (found[entryIds.status] === deleted) continue;
    const data = file.parse(found[entryIds.data_file]);
    yield {
      isExisting: found[entryIds.status] === existing,
      sequenceNumber: found[entryIds.sequence_number] ?? undefined,
      content: contents[data[fileIds.content] ?? 0] ?? "data",
      path: data[fileIds.file_path],
      format: data[fileIds.file_format].toUpperCase(),
      rowCount: data[fileIds.record_count],
      sizeBytes: data[fileIds.file_size_in_bytes],
      partition: data[fileIds.partition] ?? new Map(),
      isEncrypted: (data[fileIds.key_metadata] ?? null) !== null,
      referencedPath: data[fileIds.referenced_data_file] ?? undefined,
      nullCounts: data[fileIds.null_value_counts] ?? undefined,
      lowerBounds: data[fileIds.lower_bounds] ?? undefined,
      upperBounds: data[fileIds.upper_bounds] ?? undefined,
    };
  }
}

function readEntry(reader: ByteReader, type: AvroType): Record<number, unknown> {
  const values: Record<number, unknown> = {};
  if (type.kind !== "record") return values;
  for (const field of type.fields) {
    const id = idOf(field, entryIds);
    if (id === entryIds.data_file) values[id] = readFile(reader, field.type);
    else if (id === entryIds.status || id === entryIds.sequence_number)
      values[id] = readValue(reader, field.type);
    else skipValue(reader, field.type);
  }
  return values;
}

function readFile(reader: ByteReader, type: AvroType): Record<number, unknown> {
  const values: Record<number, unknown> = {};
  if (type.kind !== "record") return values;
  for (const field of type.fields) {
    const id = idOf(field, fileIds);
    if (id === fileIds.partition) values[id] = readPartition(reader, field.type);
    else if (id !== undefined && rawIds.has(id)) values[id] = RawColumnValues.read(reader, field.type);
    else if (id !== undefined && ownIds.has(id)) values[id] = readValue(reader, field.type);
    else skipValue(reader, field.type);
  }
  return values;
}

function readPartition(reader: ByteReader, type: AvroType): Map<number, AvroValue> {
  const values = new Map<number, AvroValue>();
  if (type.kind !== "record") skipValue(reader, type);
  else {
    for (const field of type.fields) {
      const value = readValue(reader, field.type);
      if (field.fieldId !== undefined) values.set(field.fieldId, value);
    }
  }
  return values;
}
