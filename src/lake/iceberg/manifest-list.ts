import { z } from "zod";
import type { AvroType } from "./avro/avro-schema.ts";
import type { ByteReader } from "./avro/byte-reader.ts";
import { readAvro } from "./avro/read-avro.ts";
import { readValue, skipValue } from "./avro/read-value.ts";
import { idOf, listIds } from "./field-ids.ts";

/** One file that lists files of a table. */
export interface ManifestFile {
  path: string;
  /** Undefined in tables that list manifests without their facts. */
  sizeBytes: number | undefined;
  /** Of how its files were divided; undefined where its own head says it. */
  specId: number | undefined;
  sequenceNumber: number;
  isOfDeletes: boolean;
  isEncrypted: boolean;
}

const long = z.union([z.int(), z.bigint()]).transform(Number).pipe(z.int().min(0));
const row = z.object({
  [listIds.manifest_path]: z.string().min(1),
  [listIds.manifest_length]: long,
  [listIds.partition_spec_id]: z.int(),
  [listIds.sequence_number]: long.nullish(),
  [listIds.content]: z.int().min(0).max(1).nullish(),
  [listIds.key_metadata]: z.unknown().optional(),
});
const wanted = new Set<number>(Object.values(listIds));

/** The manifests a snapshot is made of. Throws `AvroFault`, and `ZodError` for what is no such list. */
export function readManifestList(bytes: Buffer): ManifestFile[] {
  return [...readAvro(bytes, readRow).values].map((value) => {
    const found = row.parse(value);
    return {
      path: found[listIds.manifest_path],
      sizeBytes: found[listIds.manifest_length],
      specId: found[listIds.partition_spec_id],
      sequenceNumber: found[listIds.sequence_number] ?? 0,
      isOfDeletes: found[listIds.content] === 1,
      isEncrypted: (found[listIds.key_metadata] ?? null) !== null,
    };
  });
}

function readRow(reader: ByteReader, type: AvroType): Record<number, unknown> {
  const values: Record<number, unknown> = {};
  if (type.kind !== "record") return values;
  for (const field of type.fields) {
    const id = idOf(field, listIds);
    if (id !== undefined && wanted.has(id)) values[id] = readValue(reader, field.type);
    else skipValue(reader, field.type);
  }
  return values;
}
