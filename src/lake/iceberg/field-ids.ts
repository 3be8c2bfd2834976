import type { AvroField } from "./avro/avro-schema.ts";

/** Numbers of the fields that are read. Source: Iceberg table specification, "Manifests", "Manifest Lists". */
export const listIds = {
  manifest_path: 500,
  manifest_length: 501,
  partition_spec_id: 502,
  added_snapshot_id: 503,
  sequence_number: 515,
  content: 517,
  key_metadata: 519,
} as const;

export const entryIds = { status: 0, sequence_number: 3, data_file: 2 } as const;

export const fileIds = {
  content: 134,
  file_path: 100,
  file_format: 101,
  partition: 102,
  record_count: 103,
  file_size_in_bytes: 104,
  value_counts: 109,
  null_value_counts: 110,
  lower_bounds: 125,
  upper_bounds: 128,
  key_metadata: 131,
  referenced_data_file: 143,
} as const;

/** A field's number, which its name stands for where the writer left it out. */
export function idOf(
  { fieldId, name }: AvroField,
  ids: Readonly<Record<string, number>>,
): number | undefined {
  return fieldId ?? ids[name];
}
