import type { DataFile, Dataset } from "../datasets/dataset.ts";
import { familyOf } from "../datasets/family.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import { parquetByItsEnd } from "../datasets/open-parquet.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import type { DetectedFormat } from "../formats/format.ts";
import type { DatasetDescription, DatasetRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { describeDelta } from "./describe-delta.ts";
import { describeHead } from "./describe-head.ts";
import { describeIceberg } from "./describe-iceberg.ts";
import { describeParquet } from "./describe-parquet.ts";
import { describeTable } from "./describe-table.ts";
import type { Described } from "./described.ts";
import { partitionsOf } from "./partitions-of.ts";

/** Files whose first bytes are looked at. Of more, one of each extension and the first ones. */
const sniffedFiles = 64;
/** Text files up to this many bytes are read whole for their types and rows; larger ones by their head. */
const readWholeBytes = 32 * 1024 * 1024;

/** What can be said of a dataset without a full read of large ones. Throws as resolving and the formats do. */
export async function describeDataset(
  parts: LakeParts,
  request: DatasetRequest,
  scope: LakeScope,
): Promise<DatasetDescription> {
  return describeResolved(parts, await parts.resolver.resolve(request, scope), scope);
}

/** What can be said of a dataset whose files are known. */
export async function describeResolved(
  parts: LakeParts,
  dataset: Dataset,
  scope: LakeScope,
): Promise<DatasetDescription> {
  if (dataset.table?.format === "Delta") return describeDelta(parts, dataset, dataset.table, scope);
  if (dataset.table) return describeIceberg(dataset, dataset.table);
  const looked = await mapBounded(filesToLookAt(dataset.files), 16, async ({ object }) => ({
    uri: object.uri,
    detected:
      (await parquetByItsEnd(parts.parquet, object, dataset.hints, scope)) ??
      (await parts.sniffer.sniff(object, dataset.hints, scope)),
  }));
  const family = familyOf(dataset.uri, looked);
  const detected = looked[0]?.detected;
  if (!detected) throw new TypeError("A dataset has at least one file.");
  const described =
    family === "parquet"
      ? await describeParquet(parts.footers, dataset, scope)
      : dataset.sizeBytes <= readWholeBytes || !hasReadableHead(detected)
        ? await describeTable(parts, dataset, scope)
        : await describeHead(parts, dataset, detected, scope);
  return assembled(dataset, detected, described);
}

/** A document cannot be cut, and neither can what is in two bytes a character. */
function hasReadableHead({ format, encoding }: DetectedFormat): boolean {
  return format !== "json" && (encoding === "utf-8" || encoding === "latin-1");
}

function filesToLookAt(files: readonly DataFile[]): DataFile[] {
  const extensionOf = ({ object }: DataFile) => /\.[^./]*(\.gz|\.zst)?$/.exec(object.uri)?.[0] ?? "";
  const ofEachExtension = new Map([...files].reverse().map((file) => [extensionOf(file), file]));
  return [...new Set([...files.slice(0, sniffedFiles), ...ofEachExtension.values()])];
}

function assembled(dataset: Dataset, detected: DetectedFormat, described: Described): DatasetDescription {
  const { uri, files, sizeBytes, object } = dataset;
  const { format, compression, encoding, dialect } = detected;
  const { columns, notes, ...found } = described;
  return {
    uri,
    format,
    compression,
    ...(encoding ? { encoding } : {}),
    ...(dialect ? { dialect } : {}),
    fileCount: files.length,
    sizeBytes,
    columns: [...columns, ...dataset.partitionColumns],
    partitions: partitionsOf(dataset),
    ...found,
    ...(object ? { object } : {}),
    lastModified: new Date(Math.max(...files.map(({ object: { lastModified } }) => lastModified.getTime()))),
    notes: [...new Set([...dataset.notes, ...notes])],
  };
}
