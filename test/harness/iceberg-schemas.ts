import type { AvroSchema } from "./avro-writer.ts";

/** A field of Iceberg's own Avro files: its name, number and type. */
function field(name: string, id: number, type: unknown) {
  return { name, type, "field-id": id, ...(Array.isArray(type) ? { default: null } : {}) };
}

export const manifestListSchema = {
  type: "record",
  name: "manifest_file",
  fields: [
    field("manifest_path", 500, "string"),
    field("manifest_length", 501, "long"),
    field("partition_spec_id", 502, "int"),
    field("content", 517, "int"),
    field("sequence_number", 515, "long"),
    field("min_sequence_number", 516, "long"),
    field("added_snapshot_id", 503, "long"),
  ],
} as AvroSchema;

const valuesById = (name: string, value: string) => [
  "null",
  {
    type: "array",
    logicalType: "map",
    items: {
      type: "record",
      name,
      fields: [
        { name: "key", type: "int" },
        { name: "value", type: value },
      ],
    },
  },
];

/** `partition`: the partition's fields. */
export function manifestSchema(partition: readonly unknown[]): AvroSchema {
  return {
    type: "record",
    name: "manifest_entry",
    fields: [
      field("status", 0, "int"),
      field("snapshot_id", 1, ["null", "long"]),
      field("sequence_number", 3, ["null", "long"]),
      field("data_file", 2, {
        type: "record",
        name: "r2",
        fields: [
          field("content", 134, "int"),
          field("file_path", 100, "string"),
          field("file_format", 101, "string"),
          field("partition", 102, { type: "record", name: "r102", fields: partition }),
          field("record_count", 103, "long"),
          field("file_size_in_bytes", 104, "long"),
          field("null_value_counts", 110, valuesById("k121_v122", "long")),
          field("lower_bounds", 125, valuesById("k126_v127", "bytes")),
          field("upper_bounds", 128, valuesById("k129_v130", "bytes")),
          field("key_metadata", 131, ["null", "bytes"]),
        ],
      }),
    ],
  } as AvroSchema;
}

/** A field of a partition. */
export function partitionField(name: string, id: number, type: unknown) {
  return field(name, id, ["null", type]);
}
