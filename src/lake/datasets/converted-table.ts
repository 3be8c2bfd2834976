import { ToolError } from "../../core/errors.ts";
import type { DetectedFormat } from "../formats/format.ts";
import type { LakeScope } from "../scope.ts";
import type { Column, TextAnalysis } from "../sql/engine.ts";
import { hasPipes } from "../sql/pipe.ts";
import { FieldTypes } from "../sql/scan/field-types.ts";
import { wholeRecord } from "../sql/whole-record.ts";
import type { StoredObject } from "../stores/store.ts";
import { agreeOnCsv, type CsvForm } from "./agree-on-csv.ts";
import { type ConvertedFile, type ConvertForm, convertFile } from "./convert-file.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import type { HydratedTable, HydrationDeps } from "./hydration.ts";
import { mapBounded } from "./map-bounded.ts";
import { namingFile } from "./name-file.ts";
import { claimsParquet } from "./open-parquet.ts";
import { dropClashing, renameClashing } from "./partition-clash.ts";
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
 * A dataset of CSV files of which one is large, or one large file of JSON: each read once as a stream and kept as
 * Parquet, so that neither the files nor their text are held. `undefined` for every other dataset. Throws as
 * `hydrateTable` does.
 */
export async function convertedTable(
  deps: HydrationDeps,
  dataset: Dataset,
  pins: Pins,
  scope: LakeScope,
): Promise<HydratedTable | undefined> {
  const sniffed = await largeText(deps, dataset, scope);
  const first = sniffed?.[0];
  if (!sniffed || !first) return undefined;
  const canStay = sniffed.every(isReadableInPlace);
  if (canStay && dataset.sizeBytes > deps.settings.cache.maxBytes) return undefined;
  const form: ConvertForm =
    first.detected.format === "csv"
      ? { kind: "csv", csv: await agreeOnCsv(deps.sniffer, dataset, sniffed, scope) }
      : { kind: "json" };
  try {
    const files = await convertAll(deps, sniffed, form, pins, scope);
    return form.kind === "csv"
      ? csvOfConverted(dataset, first, form.csv, files)
      : jsonOfConverted(dataset, first, files);
  } catch (thrown) {
    // What has no place in the cache may still be read where it lies.
    if (canStay && isCacheTooSmall(thrown)) return undefined;
    throw thrown;
  }
}

async function largeText(
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
  if (!hasPipes || claimsParquet(largest.object, hints) || !isLarge(largest, convertedBytes.compressed))
    return undefined;
  const sniff = async (file: DataFile) => ({
    file,
    detected: await sniffer.sniff(file.object, hints, scope),
  });
  const { detected } = await sniff(largest);
  const limitBytes = convertedBytes[detected.compression === "none" ? "plain" : "compressed"];
  if (!isLarge(largest, limitBytes)) return undefined;
  // Columns of JSON come from all records of all files: several files are read together.
  const isJson = detected.format === "json" || detected.format === "ndjson";
  if (isJson && files.length === 1) return [{ file: largest, detected }];
  if (detected.format !== "csv") return undefined;
  const sniffed = await mapBounded(files, 16, sniff);
  return sniffed.every((one) => one.detected.format === "csv") ? sniffed : undefined;
}

async function convertAll(
  deps: HydrationDeps,
  sniffed: readonly SniffedFile[],
  form: ConvertForm,
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

function csvOfConverted(
  { partitionColumns }: Dataset,
  { detected }: SniffedFile,
  { dialect, columnNames }: CsvForm,
  files: readonly ConvertedFile[],
): HydratedTable {
  const named = columnNames.map((name, at) => ({ name, type: typeOf(files, at) }));
  const { columns, notes } = renameClashing(named, partitionColumns);
  const mixed = files.some(({ found }) => found.hasMixedLineEnds);
  return {
    scan: { format: "csv", files: files.map(({ file }) => file), partitionColumns, dialect, columns },
    analysis: analysisOf(columns, files),
    detected,
    notes: [...detected.notes, ...notes, ...(mixed ? [mixedNote] : [])],
  };
}

/** The type that holds the column's values of all files. */
function typeOf(files: readonly ConvertedFile[], column: number): string {
  const joined = new FieldTypes();
  for (const { found } of files) {
    const state = found.types[column];
    if (state) joined.join(state);
  }
  return joined.type();
}

function jsonOfConverted(
  { partitionColumns }: Dataset,
  { detected }: SniffedFile,
  files: readonly ConvertedFile[],
): HydratedTable {
  const found = files.flatMap((one) => one.found.columns);
  const { columns, notes } = dropClashing(found, partitionColumns);
  const isNameless = columns.length + partitionColumns.length === 0;
  return {
    scan: { format: "ndjson", files: files.map(({ file }) => file), partitionColumns, columns },
    analysis: analysisOf(isNameless ? [wholeRecord] : columns, files),
    detected,
    notes: [...detected.notes, ...notes, ...files.flatMap((one) => one.found.notes)],
  };
}

function analysisOf(columns: Column[], files: readonly ConvertedFile[]): TextAnalysis {
  return {
    columns,
    rowCount: sum(files.map(({ found }) => found.rowCount)),
    rejectedCount: sum(files.map(({ found }) => found.rejectedCount)),
    rejects: files
      .flatMap(({ found, file: { uri } }) => found.rejects.map((reject) => ({ uri, ...reject })))
      .slice(0, keptRejects),
  };
}

const mixedNote = "the lines end in more than one way; all are read as line ends";

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function isReadableInPlace({ file, detected }: SniffedFile): boolean {
  const { location }: StoredObject = file.object;
  const isPlain = detected.compression === "none" && detected.encoding === "utf-8";
  return location.kind === "local" && isPlain && detected.format !== "json";
}

function isCacheTooSmall(thrown: unknown): boolean {
  return (
    thrown instanceof ToolError &&
    thrown.code === "too_large" &&
    thrown.details.setting === "lake.cache.maxBytes"
  );
}
