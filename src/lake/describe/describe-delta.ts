import type { Dataset } from "../datasets/dataset.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import { rowCountOf } from "../delta/file-statistics.ts";
import type { Snapshot } from "../delta/snapshot.ts";
import type { DatasetDescription, DeltaFacts } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import { shortEntries } from "../tables/short-entries.ts";
import { sqlType } from "../tables/table-field.ts";
import { partitionsOf } from "./partitions-of.ts";

const shownCommits = 10;
const shownProperties = 50;
/** Footers read for the number of rows, where the log does not say it. */
const maxFooters = 256;

/** What the log of a Delta table says; footers are read only where it does not say how many rows the files have. */
export async function describeDelta(
  parts: LakeParts,
  dataset: Dataset,
  snapshot: Snapshot,
  scope: LakeScope,
): Promise<DatasetDescription> {
  const history = await parts.delta.history(snapshot, shownCommits, scope);
  const rowCount = rowCountOf(snapshot.files) ?? (await rowsByFooters(parts, dataset, scope));
  const latestMs = snapshot.files.reduce((latest, file) => Math.max(latest, file.modificationTime ?? 0), 0);
  return {
    uri: dataset.uri,
    format: "delta",
    compression: "none",
    fileCount: dataset.files.length,
    sizeBytes: dataset.sizeBytes,
    columns: snapshot.fields.map(({ name, type }) => ({ name, type: sqlType(type) })),
    partitions: partitionsOf(dataset),
    ...(rowCount === undefined ? {} : { rows: { count: rowCount, exactness: "exact" as const } }),
    delta: factsOf(snapshot, history),
    lastModified: history[0]?.timestamp ?? new Date(latestMs),
    notes: [
      ...dataset.notes,
      ...(rowCount === undefined
        ? [
            `How many rows its files have is not in the log of all ${dataset.files.length}. Count them with lake_query.`,
          ]
        : []),
    ],
  };
}

function factsOf({ version, protocol, metadata }: Snapshot, history: DeltaFacts["history"]): DeltaFacts {
  const { minReaderVersion, minWriterVersion, readerFeatures = [], writerFeatures = [] } = protocol;
  const timestamp = history.find((commit) => commit.version === version)?.timestamp;
  return {
    version,
    ...(timestamp === undefined ? {} : { timestamp }),
    minReaderVersion,
    minWriterVersion,
    features: [...new Set([...readerFeatures, ...writerFeatures])].sort(),
    partitionColumns: metadata.partitionColumns,
    properties: shortEntries(metadata.configuration, shownProperties),
    ...(metadata.name === undefined ? {} : { name: metadata.name }),
    ...(metadata.description === undefined ? {} : { description: metadata.description.slice(0, 500) }),
    history,
  };
}

async function rowsByFooters(
  { storedFiles, footers }: LakeParts,
  { files }: Dataset,
  scope: LakeScope,
): Promise<number | undefined> {
  if (files.length > maxFooters) return undefined;
  const counts = await mapBounded(files, 16, async ({ object, inTable }) => {
    const { rowCount } = await footers.read(await storedFiles.storedFile(object, "Delta", scope), scope);
    return rowCount - (inTable?.deletedCount ?? 0);
  });
  return counts.reduce((sum, count) => sum + count, 0);
}
