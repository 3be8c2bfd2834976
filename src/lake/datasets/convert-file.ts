import { z } from "zod";
import { jsonDigest } from "../../core/digest.ts";
import type { DetectedFormat } from "../formats/format.ts";
import { utf8Chunks } from "../formats/source.ts";
import { hasReadableStart, textStart } from "../formats/text-start.ts";
import type { LakeScope } from "../scope.ts";
import type { ConvertedText, ScanFile } from "../sql/engine.ts";
import { fieldTypesState } from "../sql/scan/field-types.ts";
import { readInOrder } from "../stores/in-order.ts";
import type { CsvForm } from "./agree-on-csv.ts";
import type { DataFile } from "./dataset.ts";
import type { HydrationDeps } from "./hydration.ts";
import { readStart } from "./read-start.ts";

/** A CSV file as Parquet in the cache, pinned, and what was found of its text. */
export interface ConvertedFile {
  file: ScanFile;
  found: ConvertedText;
  release(): void;
}

const convertedFacts = z.object({
  rowCount: z.int(),
  rejectedCount: z.int(),
  rejects: z.array(z.object({ line: z.int(), reason: z.string(), text: z.string() })),
  types: z.array(fieldTypesState),
  hasMixedLineEnds: z.boolean(),
});

/** First bytes looked at for the length of a record. */
const sampledBytes = 256 * 1024;
const usualRecordBytes = 256;

/** Converts a file once per version of it and way of reading it. Throws `changed`, `too_large`, and what its text does. */
export async function convertFile(
  deps: HydrationDeps,
  { object, partition }: DataFile,
  detected: DetectedFormat,
  { dialect, columnNames }: CsvForm,
  scope: LakeScope,
): Promise<ConvertedFile> {
  const { cache, engine, settings, stores } = deps;
  const { compression, encoding = "utf-8" } = detected;
  const form = jsonDigest([dialect, columnNames.length, compression, encoding], {
    encoding: "hex",
    length: 24,
  });
  const { maxDecompressedBytes } = settings;
  const kept = await cache.derived(
    object,
    `rows-v1-${form}`,
    async (targetPath, stopped) => {
      const text = (signal: AbortSignal) =>
        utf8Chunks(
          readInOrder({ store: stores }, object, signal),
          { compression, encoding, maxDecompressedBytes, signal, invalidUtf8: "keep" },
          { hadByteOrderMark: false },
        );
      const averageRecordBytes = await recordBytes(deps, object, detected, stopped);
      const columnCount = columnNames.length;
      const request = { text, uri: object.uri, targetPath, dialect, columnCount, averageRecordBytes };
      return engine.convert(request, { signal: stopped, progress: scope.progress });
    },
    scope,
  );
  const file = { path: kept.path, uri: object.uri, partition, isConverted: true };
  return { file, found: convertedFacts.parse(kept.facts), release: kept.release };
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
