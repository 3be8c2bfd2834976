import { ToolError } from "../../core/errors.ts";
import type { DetectedFormat } from "../formats/format.ts";
import type { LakeScope } from "../scope.ts";
import type { TextAnalysis } from "../sql/engine.ts";
import { hasPipes } from "../sql/pipe.ts";
import { FieldTypes } from "../sql/scan/field-types.ts";
import type { StoredObject } from "../stores/store.ts";
import { agreeOnCsv, type CsvForm } from "./agree-on-csv.ts";
import { type ConvertedFile, convertFile } from "./convert-file.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { HydratedTable, HydrationDeps } from "./hydration.ts";
import { mapBounded } from "./map-bounded.ts";
import { namingFile } from "./name-file.ts";
import { renameClashing } from "./partition-clash.ts";
import type { Pins } from "./pins.ts";

/** Files over these sizes are streamed into Parquet rather than kept as text. */
const convertedBytes = { plain: 64 * 1024 * 1024, compressed: 16 * 1024 * 1024 };
/** So are files that take more than such a part of the cache. */
const cacheShare = 4;
const keptRejects = 100;

interface SniffedFile {
  file: DataFile;
  detected: DetectedFormat;
}

/**
 * A dataset of CSV files of which one is large, each file read once as a stream and kept as Parquet: neither the
 * files nor their text are held. `undefined` for every other dataset. Throws as `hydrateTable` does.
 */
export async function convertedTable(
  deps: HydrationDeps,
  dataset: Dataset,
  pins: Pins,
  scope: LakeScope,
): Promise<HydratedTable | undefined> {
  const sniffed = await largeCsv(deps, dataset, scope);
  const first = sniffed?.[0];
  if (!sniffed || !first) return undefined;
  const form = await agreeOnCsv(deps.sniffer, dataset, sniffed, scope);
  try {
    const files = await convertAll(deps, sniffed, form, pins, scope);
    return tableOfConverted(dataset, first, form, files);
  } catch (thrown) {
    // What is no place in the cache may still be read where it lies.
    if (isCacheTooSmall(thrown) && sniffed.every(isReadableInPlace)) return undefined;
    throw thrown;
  }
}

async function largeCsv(
  { sniffer, settings }: HydrationDeps,
  { files, hints }: Dataset,
  scope: LakeScope,
): Promise<SniffedFile[] | undefined> {
  const mostBytes = settings.cache.maxBytes / cacheShare;
  const isLarge = ({ object: { sizeBytes } }: DataFile, limitBytes: number) =>
    sizeBytes > Math.min(limitBytes, mostBytes);
  const largest = files.reduce((left, right) =>
    right.object.sizeBytes > left.object.sizeBytes ? right : left,
  );
  if (!hasPipes || !isLarge(largest, convertedBytes.compressed)) return undefined;
  const sniff = async (file: DataFile) => ({
    file,
    detected: await sniffer.sniff(file.object, hints, scope),
  });
  const { detected } = await sniff(largest);
  const limitBytes = convertedBytes[detected.compression === "none" ? "plain" : "compressed"];
  if (detected.format !== "csv" || !isLarge(largest, limitBytes)) return undefined;
  const sniffed = await mapBounded(files, 16, sniff);
  return sniffed.every((one) => one.detected.format === "csv") ? sniffed : undefined;
}

async function convertAll(
  deps: HydrationDeps,
  sniffed: readonly SniffedFile[],
  form: CsvForm,
  pins: Pins,
  scope: LakeScope,
): Promise<ConvertedFile[]> {
  return mapBounded(sniffed, Math.max(1, deps.settings.query.workers - 1), (one) =>
    namingFile(one.file.object.uri, sniffed.length > 1, async () => {
      const converted = await convertFile(deps, one.file, one.detected, form, scope);
      pins.add(converted.release);
      return converted;
    }),
  );
}

function tableOfConverted(
  { partitionColumns }: Dataset,
  { detected }: SniffedFile,
  { dialect, columnNames }: CsvForm,
  files: readonly ConvertedFile[],
): HydratedTable {
  const types = columnNames.map((_, at) => {
    const joined = new FieldTypes();
    for (const { found } of files) {
      const state = found.types[at];
      if (state) joined.join(state);
    }
    return joined.type();
  });
  const named = columnNames.map((name, at) => ({ name, type: types[at] ?? "VARCHAR" }));
  const { columns, notes } = renameClashing(named, partitionColumns);
  const analysis: TextAnalysis = {
    columns,
    rowCount: sum(files.map(({ found }) => found.rowCount)),
    rejectedCount: sum(files.map(({ found }) => found.rejectedCount)),
    rejects: files
      .flatMap(({ found, file: { uri } }) => found.rejects.map((reject) => ({ uri, ...reject })))
      .slice(0, keptRejects),
  };
  const mixed = files.some(({ found }) => found.hasMixedLineEnds);
  return {
    scan: { format: "csv", files: files.map(({ file }) => file), partitionColumns, dialect, columns },
    analysis,
    detected,
    notes: [...detected.notes, ...notes, ...(mixed ? [mixedNote] : [])],
  };
}

const mixedNote = "the lines end in more than one way; all are read as line ends";

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function isReadableInPlace({ file, detected }: SniffedFile): boolean {
  const { location }: StoredObject = file.object;
  return location.kind === "local" && detected.compression === "none" && detected.encoding === "utf-8";
}

function isCacheTooSmall(thrown: unknown): boolean {
  return (
    thrown instanceof ToolError &&
    thrown.code === "too_large" &&
    thrown.details.setting === "lake.cache.maxBytes"
  );
}
