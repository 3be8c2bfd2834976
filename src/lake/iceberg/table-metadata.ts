import { z } from "zod";
import { momentMs } from "../tables/table-moment.ts";
import { parseExactJson } from "./exact-json.ts";
import { damagedMetadata, unsupportedFeature } from "./faults.ts";

/** Ids of snapshots have 64 bits, and are texts here. */
const id = z.union([z.int(), z.string().regex(/^-?\d{1,20}$/)]).transform(String);
const count = z.int();

const schema = z.looseObject({ "schema-id": count.optional(), fields: z.array(z.unknown()) });
export type SchemaJson = z.output<typeof schema>;

const partitionField = z.looseObject({
  "source-id": count.optional(),
  "field-id": count.optional(),
  name: z.string(),
  transform: z.string(),
});
const partitionSpec = z.object({ "spec-id": count, fields: z.array(partitionField) });
/** How files were divided. `field-id` is absent in old tables, where it counts from 1000. */
export type PartitionSpec = z.output<typeof partitionSpec>;

const snapshot = z.object({
  "snapshot-id": id,
  "parent-snapshot-id": id.nullish(),
  "sequence-number": count.nullish(),
  "timestamp-ms": momentMs,
  "manifest-list": z.string().nullish(),
  manifests: z.array(z.string()).nullish(),
  summary: z.record(z.string(), z.unknown()).nullish(),
  "schema-id": count.nullish(),
  "key-id": z.unknown().optional(),
});
/** A state of a table. Timestamps in milliseconds since the epoch. */
export type SnapshotJson = z.output<typeof snapshot>;

const reference = z.object({ "snapshot-id": id, type: z.enum(["branch", "tag"]) });

const metadata = z.object({
  "format-version": count,
  "table-uuid": z.string().nullish(),
  location: z.string(),
  "last-sequence-number": count.nullish(),
  "last-updated-ms": momentMs,
  "current-schema-id": count.nullish(),
  schemas: z.array(schema).nullish(),
  schema: schema.nullish(),
  "default-spec-id": count.nullish(),
  "partition-specs": z.array(partitionSpec).nullish(),
  "partition-spec": z.array(partitionField).nullish(),
  properties: z.record(z.string(), z.string()).nullish(),
  "current-snapshot-id": id.nullish(),
  snapshots: z.array(snapshot).nullish(),
  "snapshot-log": z.array(z.object({ "snapshot-id": id, "timestamp-ms": momentMs })).nullish(),
  refs: z.record(z.string(), reference).nullish(),
  "encryption-keys": z.array(z.unknown()).nullish(),
});
/** Source: Iceberg table specification, "Table Metadata Fields". */
export type TableMetadata = z.output<typeof metadata>;

const version = z.looseObject({ "format-version": z.int() });
const versions = [1, 2, 3];

/** Reads a metadata file's text. Throws `invalid_input` for what is none, `unsupported` for other versions of the format. */
export function parseMetadata(text: string, uri: string): TableMetadata {
  let json: unknown;
  try {
    json = parseExactJson(text);
  } catch (cause) {
    throw damagedMetadata(uri, "it is not one JSON document; it may be cut off", cause);
  }
  const said = version.safeParse(json).data?.["format-version"];
  if (said !== undefined && !versions.includes(said)) throw unsupportedFeature(uri, `format version ${said}`);
  const parsed = metadata.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damagedMetadata(
    uri,
    `it has a wrong ${issue?.path.join(".") || "form"}: ${issue?.message}`,
    parsed.error,
  );
}

/** The schema of a number. Throws `invalid_input` where there is none. */
export function schemaOf(table: TableMetadata, schemaId: number | undefined, uri: string): SchemaJson {
  const { schemas, schema: only } = table;
  const wanted = schemaId ?? table["current-schema-id"] ?? undefined;
  const found = schemas?.find((one) => one["schema-id"] === wanted) ?? (schemas?.length ? undefined : only);
  if (found) return found;
  throw damagedMetadata(uri, `it has no schema ${wanted}`);
}

/** Partition specs by number; that of tables before they had numbers is 0. */
export function specsOf(table: TableMetadata): Map<number, PartitionSpec> {
  const old = table["partition-spec"];
  const specs = table["partition-specs"] ?? (old ? [{ "spec-id": 0, fields: old }] : []);
  return new Map(specs.map((spec) => [spec["spec-id"], spec]));
}
