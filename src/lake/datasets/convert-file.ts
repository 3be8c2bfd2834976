import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import type { SparseFile } from "../cache/cache.ts";
import type { DetectedFormat } from "../formats/format.ts";
import { type JsonFound, jsonLines } from "../formats/json-lines.ts";
import { utf8Chunks } from "../formats/source.ts";
import { hasReadableStart, textStart } from "../formats/text-start.ts";
import type { LakeScope } from "../scope.ts";
import type { ConvertedText, ScanFile, TextForm } from "../sql/engine.ts";
import { fieldTypesState } from "../sql/scan/field-types.ts";
import { readInOrder } from "../stores/in-order.ts";
import type { StoredObject } from "../stores/store.ts";
import type { CsvForm } from "./agree-on-csv.ts";
import type { DataFile } from "./dataset.ts";
import { heldFirst } from "./held-first.ts";
import type { HydrationDeps } from "./hydration.ts";
import { readStart } from "./read-start.ts";

/** A file of text as Parquet in the cache, pinned, and what was found of its text. */
export interface ConvertedFile {
  file: ScanFile;
  found: ConvertedText & { notes: string[] };
  release(): void;
}

const convertedFacts = z.object({
  rowCount: z.int(),
  rejectedCount: z.int(),
  rejects: z.array(z.object({ line: z.int(), reason: z.string(), text: z.string() })),
  types: z.array(fieldTypesState),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  hasMixedLineEnds: z.boolean(),
  notes: z.array(z.string()),
});

/** First bytes looked at for the length of a record. */
const sampledBytes = 256 * 1024;
const usualRecordBytes = 256;
/** Of gzip and zstd as they come; what grows more is read no worse, only held less tightly. */
const mostGrowth = 40;

export interface ConvertDeps extends HydrationDeps {
  /** What may be on local disk of files already, by their names; pinned. */
  held: ReadonlyMap<string, SparseFile>;
}

/** How the files of a dataset are read. */
export type ConvertForm = { kind: "csv"; csv: CsvForm } | { kind: "json" };

/** Converts a file once per version of it and way of reading it. Throws `changed`, `too_large`, and what its text does. */
export async function convertFile(
  deps: ConvertDeps,
  { object, partition }: DataFile,
  detected: DetectedFormat,
  form: ConvertForm,
  scope: LakeScope,
): Promise<ConvertedFile> {
  const { compression, encoding, format } = detected;
  const read = textFormOf(form);
  const key = jsonDigest([read, compression, encoding, format], { encoding: "hex", length: 24 });
  const kept = await deps.cache.derived(
    object,
    `rows-v1-${key}`,
    async (targetPath, signal) => {
      let before: JsonFound = { rejectedCount: 0, rejects: [], notes: [] };
      const text = (stopped: AbortSignal) =>
        textOf(deps, object, detected, stopped, (found) => {
          before = found;
        });
      const mostTextBytes = mostText(deps, object, detected);
      const averageRecordBytes = await recordBytes(deps, object, detected, signal);
      const request = { text, uri: object.uri, targetPath, form: read, mostTextBytes, averageRecordBytes };
      const found = await deps.engine.convert(request, { signal, progress: scope.progress });
      return joined(before, found);
    },
    scope,
  );
  const file = { path: kept.path, uri: object.uri, partition, isConverted: true };
  return { file, found: convertedFacts.parse(kept.facts), release: kept.release };
}

function textFormOf(form: ConvertForm): TextForm {
  if (form.kind === "json") return { format: "ndjson" };
  const { dialect, columnNames } = form.csv;
  return { format: "csv", dialect, columnCount: columnNames.length };
}

/** CSV as it stands, JSON as one sound record a line. `onJson` is told what was left out of JSON. */
function textOf(
  { stores, settings, held }: ConvertDeps,
  object: StoredObject,
  { compression, encoding = "utf-8", format }: DetectedFormat,
  signal: AbortSignal,
  onJson: (found: JsonFound) => void,
): AsyncIterable<Uint8Array> {
  const { maxDecompressedBytes } = settings;
  const source = { compression, encoding, maxDecompressedBytes, signal };
  const raw = held.get(object.uri);
  const store = raw ? heldFirst(stores, raw, object) : stores;
  const stored = readInOrder({ store }, object, signal);
  if (format === "json" || format === "ndjson") return jsonLines(stored, { ...source, format }, onJson);
  return utf8Chunks(stored, { ...source, invalidUtf8: "keep" }, { hadByteOrderMark: false });
}

/** Rejects of both looks at JSON, as one list. */
function joined(before: JsonFound, found: ConvertedText): ConvertedText & { notes: string[] } {
  return {
    ...found,
    rejectedCount: before.rejectedCount + found.rejectedCount,
    rejects: [...before.rejects, ...found.rejects],
    notes: before.notes,
  };
}

/** Of text that is neither compressed nor encoded anew some more than its bytes, as fields may be put in quotes. */
function mostText(
  { settings }: HydrationDeps,
  { sizeBytes }: StoredObject,
  { compression, encoding }: DetectedFormat,
): number {
  const isPlain = compression === "none" && encoding === "utf-8";
  return isPlain ? 1.25 * sizeBytes : Math.min(settings.maxDecompressedBytes, mostGrowth * sizeBytes);
}

async function recordBytes(
  { stores }: HydrationDeps,
  object: DataFile["object"],
  detected: DetectedFormat,
  signal: AbortSignal,
): Promise<number> {
  if (!hasReadableStart(detected)) return usualRecordBytes;
  const start = await textStart(
    await readStart(stores, object, sampledBytes, signal),
    detected,
    sampledBytes,
  );
  const lines = start.filter((byte) => byte === 10).length;
  return lines === 0 ? sampledBytes : start.length / lines;
}
