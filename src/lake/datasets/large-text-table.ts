import { isWithoutRoom } from "../cache/no-room.ts";
import type { LakeScope } from "../scope.ts";
import type { Column, TextAnalysis } from "../sql/engine.ts";
import { hasPipes } from "../sql/pipe.ts";
import { wholeRecord } from "../sql/whole-record.ts";
import type { StoredObject } from "../stores/store.ts";
import { agreeOnCsv, type CsvForm } from "./agree-on-csv.ts";
import { type ConvertDeps, type ConvertedFile, type ConvertForm, convertFile } from "./convert-file.ts";
import type { DataFile, Dataset } from "./dataset.ts";
import { cacheShare, fetchAhead, inspectedBytes } from "./fetch-ahead.ts";
import type { CallHolds, HydratedTable, HydrationDeps } from "./hydration.ts";
import { joinedType } from "./joined-type.ts";
import { jsonColumns } from "./json-columns.ts";
import { mapBounded } from "./map-bounded.ts";
import { namingFile } from "./name-file.ts";
import { claimsParquet } from "./open-parquet.ts";
import { renameClashing } from "./partition-clash.ts";
import type { Pins } from "./pins.ts";
import { type PlainTable, plainTable } from "./plain-table.ts";
import { sampleText } from "./sample-text.ts";
import type { SniffedFile } from "./sniffed-file.ts";

/** Files over these sizes are streamed into Parquet rather than kept as text. */
const convertedBytes = { plain: 64 * 1024 * 1024, compressed: 16 * 1024 * 1024 };
const keptRejects = 100;

/**
 * A dataset of CSV files that are not small, or one large file of JSON. CSV of simple form that the cache has room for
 * is read as it is; what else is large is read once as a stream and kept as Parquet, so that neither the files nor their
 * text are held. `undefined` for every other dataset. Throws as `hydrateTable` does.
 */
export async function largeTextTable(
  deps: HydrationDeps,
  dataset: Dataset,
  { pins }: Pick<CallHolds, "pins">,
  scope: LakeScope,
): Promise<HydratedTable | undefined> {
  const stopAhead = fetchAhead(deps, dataset, scope);
  const looked = await lookAtText(deps, dataset, pins, scope).finally(stopAhead);
  if (!looked) return undefined;
  const { sniffed, first, isLarge, form, plain } = looked;
  if ("table" in plain) {
    const { table, files } = plain;
    const sample = (share: number) => sampleText(deps.cache, table.scan, files, share, pins, scope);
    return { ...table, sample };
  }
  const { held } = plain;
  const canStay = sniffed.every(isReadableInPlace);
  const isConverted = isLarge || (plain.isWithoutRoom && hasPipes);
  if (!isConverted || (canStay && dataset.sizeBytes > deps.settings.cache.maxBytes)) return undefined;
  try {
    const files = await convertAll({ ...deps, held }, sniffed, form, pins, scope);
    return form.kind === "csv"
      ? csvOfConverted(dataset, first, form.csv, files)
      : jsonOfConverted(dataset, first, files);
  } catch (thrown) {
    // What has no place in the cache may still be read where it lies.
    if (canStay && isWithoutRoom(thrown)) return undefined;
    throw thrown;
  }
}

/** What the files are, of all of which that is found which is found of CSV of simple form; `undefined` for other datasets. */
async function lookAtText(deps: HydrationDeps, dataset: Dataset, pins: Pins, scope: LakeScope) {
  const { sniffed, isLarge } = await sniffText(deps, dataset, scope);
  const [first] = sniffed;
  if (!first) return undefined;
  if (first.detected.format !== "csv") {
    const plain: PlainTable = { held: new Map() };
    return { sniffed, first, isLarge, form: { kind: "json" as const }, plain };
  }
  const csv = await agreeOnCsv(deps.sniffer, dataset, sniffed, scope);
  const plain = await plainTable(deps, dataset, sniffed, csv, pins, scope);
  return { sniffed, first, isLarge, form: { kind: "csv" as const, csv }, plain };
}

/** The files, where they are not small and of a format that this is about; `isLarge`: too large to be kept as text. */
async function sniffText(
  { sniffer, settings }: HydrationDeps,
  { files, hints, sizeBytes }: Dataset,
  scope: LakeScope,
): Promise<{ sniffed: SniffedFile[]; isLarge: boolean }> {
  const none = { sniffed: [], isLarge: false };
  const largest = files.reduce((left, right) =>
    right.object.sizeBytes > left.object.sizeBytes ? right : left,
  );
  const isOver = (limitBytes: number) =>
    largest.object.sizeBytes > Math.min(limitBytes, settings.cache.maxBytes / cacheShare);
  const isInspected = sizeBytes > files.length * inspectedBytes;
  if (claimsParquet(largest.object, hints) || !(isInspected || isOver(convertedBytes.compressed)))
    return none;
  const sniff = async (file: DataFile) => ({
    file,
    detected: await sniffer.sniff(file.object, hints, scope),
  });
  const { format, compression } = (await sniff(largest)).detected;
  const isLarge = hasPipes && isOver(convertedBytes[compression === "none" ? "plain" : "compressed"]);
  // Columns of JSON come from all records of all files: several files are read together.
  const isJson = (format === "json" || format === "ndjson") && files.length === 1;
  const isPlainCsv = format === "csv" && compression === "none" && isInspected;
  if (!isPlainCsv && !(isLarge && (isJson || format === "csv"))) return none;
  const sniffed = await mapBounded(files, 16, sniff);
  return isJson || sniffed.every(({ detected }) => detected.format === "csv") ? { sniffed, isLarge } : none;
}

async function convertAll(
  deps: ConvertDeps,
  sniffed: readonly SniffedFile[],
  form: ConvertForm,
  pins: Pins,
  scope: LakeScope,
): Promise<ConvertedFile[]> {
  return mapBounded(sniffed, Math.max(1, deps.settings.query.workers - 1), (one) =>
    namingFile(one.file.object.uri, async () => {
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
  const named = columnNames.map((name, at) => ({
    name,
    type: joinedType(files.map(({ found }) => found.types[at])),
  }));
  const { columns, notes } = renameClashing(named, partitionColumns);
  const mixed = files.some(({ found }) => found.hasMixedLineEnds);
  return {
    scan: { format: "csv", files: files.map(({ file }) => file), partitionColumns, dialect, columns },
    analysis: analysisOf(columns, files),
    detected,
    notes: [...detected.notes, ...notes, ...(mixed ? [mixedNote] : [])],
  };
}

function jsonOfConverted(
  { partitionColumns }: Dataset,
  { detected }: SniffedFile,
  files: readonly ConvertedFile[],
): HydratedTable {
  const found = files.flatMap((one) => one.found.columns);
  const { columns, members, notes } = jsonColumns(found, partitionColumns);
  const isNameless = columns.length + partitionColumns.length === 0;
  return {
    scan: { format: "ndjson", files: files.map(({ file }) => file), partitionColumns, columns, ...members },
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
