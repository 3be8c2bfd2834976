import { z } from "zod";
import type { DatasetDescription, DeltaFacts, IcebergFacts } from "../../lake/lake.ts";
import type { ObjectDetails } from "../../lake/stores/store.ts";

/** What `lake_get_metadata` says beside the columns. Times in ISO 8601, UTC. */
export const descriptionOut = {
  uri: z.string(),
  format: z.string(),
  compression: z.string().optional(),
  encoding: z.string().optional(),
  dialect: z.looseObject({}).optional(),
  fileCount: z.int().optional(),
  sizeBytes: z.int().optional(),
  rows: z.object({ count: z.int(), exactness: z.enum(["exact", "estimated"]) }).optional(),
  rejectedRows: z.int().optional(),
  partitions: z
    .array(z.looseObject({ name: z.string() }))
    .optional()
    .describe("With type, number of values and a sample"),
  parquet: z.looseObject({}).optional().describe("Row groups, codecs"),
  delta: z.looseObject({}).optional().describe("Version, properties, history"),
  iceberg: z.looseObject({}).optional(),
  object: z.looseObject({}).optional().describe("ETag, type, encryption, storage class"),
  table: z.looseObject({}).optional().describe("Of a catalog: type, owner, location"),
  lastModified: z.string().optional(),
};

/** A description as `descriptionOut` has it. */
export function descriptionResult(description: DatasetDescription) {
  const {
    columns: _columns,
    notes: _notes,
    object,
    partitions,
    dialect,
    parquet,
    delta,
    iceberg,
    table,
    lastModified,
    ...rest
  } = description;
  return {
    ...rest,
    ...(partitions.length > 0 ? { partitions } : {}),
    ...(dialect ? { dialect: { ...dialect } } : {}),
    ...(parquet ? { parquet: { ...parquet } } : {}),
    ...(delta ? { delta: deltaResult(delta) } : {}),
    ...(iceberg ? { iceberg: icebergResult(iceberg) } : {}),
    ...(object ? { object: objectResult(object) } : {}),
    ...(table ? { table: { ...table } } : {}),
    ...(lastModified ? { lastModified: lastModified.toISOString() } : {}),
  };
}

function deltaResult({ timestamp, history, ...facts }: DeltaFacts) {
  return {
    ...facts,
    ...(timestamp ? { timestamp: timestamp.toISOString() } : {}),
    history: history.map((commit) => ({ ...commit, timestamp: commit.timestamp.toISOString() })),
  };
}

function icebergResult({ timestamp, history, ...facts }: IcebergFacts) {
  return {
    ...facts,
    ...(timestamp ? { timestamp: timestamp.toISOString() } : {}),
    history: history.map((one) => ({ ...one, timestamp: one.timestamp.toISOString() })),
  };
}

/** Small: S3 holds at most 2 KB of user metadata. */
function objectResult(details: ObjectDetails) {
  const { etag, storageClass, contentType, contentEncoding, encryption, kmsKeyId, versionId } = details;
  const { userMetadata } = details;
  return {
    etag,
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(kmsKeyId === undefined ? {} : { kmsKeyId }),
    ...(versionId === undefined ? {} : { versionId }),
    ...(userMetadata === undefined ? {} : { userMetadata }),
  };
}
