import { jsonDigest } from "../../core/digest.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { jsonColumns } from "../datasets/json-columns.ts";
import { namingFile } from "../datasets/name-file.ts";
import { renameClashing } from "../datasets/partition-clash.ts";
import { readHead } from "../datasets/sniffer.ts";
import type { LakeParts } from "../datasets/with-tables.ts";
import type { DetectedFormat } from "../formats/format.ts";
import { contentHead } from "../formats/head.ts";
import { prepareText } from "../formats/prepare-text.ts";
import type { LakeScope } from "../scope.ts";
import type { AnalyzeRequest, Column, TextAnalysis } from "../sql/engine.ts";
import { wholeRecord } from "../sql/whole-record.ts";
import type { StoredObject } from "../stores/store.ts";
import type { Described } from "./described.ts";

const maxHeadBytes = 4 * 1024 * 1024;
const lineFeed = 10;

/**
 * Types and an estimate of the rows of large text files by the head of the first. Rows stay unknown where the
 * file is compressed: how far its head reaches is not known.
 */
export async function describeHead(
  parts: LakeParts,
  dataset: Dataset,
  detected: DetectedFormat,
  scope: LakeScope,
): Promise<Described> {
  const object = dataset.files[0]?.object;
  if (!object) throw new TypeError("A dataset has at least one file.");
  const { compression, bytes } = contentHead(await readHead(parts.stores, object, scope), false);
  const head = wholeLines(bytes.subarray(0, maxHeadBytes));
  const found = await analyzeHead(parts, object, head, detected, scope);
  const perRow = head.length / Math.max(1, found.rowCount);
  const clash = detected.format === "csv" ? renameClashing : jsonColumns;
  const { columns, notes } = clash(found.columns, dataset.partitionColumns);
  const isNameless = columns.length + dataset.partitionColumns.length === 0;
  return {
    columns: isNameless ? [wholeRecord] : columns,
    ...(compression === "none" && found.rowCount > 0
      ? { rows: { count: Math.round(dataset.sizeBytes / perRow), exactness: "estimated" as const } }
      : {}),
    notes: [
      ...detected.notes,
      ...notes,
      `Types and rows are by the first ${head.length} bytes; lake_read_rows and lake_query find the types by all rows.`,
    ],
  };
}

function wholeLines(bytes: Buffer): Buffer {
  const last = bytes.lastIndexOf(lineFeed);
  return last < 0 ? bytes : bytes.subarray(0, last + 1);
}

async function analyzeHead(
  { cache, engine, settings }: LakeParts,
  object: StoredObject,
  head: Buffer,
  detected: DetectedFormat,
  scope: LakeScope,
): Promise<Pick<TextAnalysis, "columns" | "rowCount">> {
  const { dialect, encoding = "utf-8", columnNames = [], format } = detected;
  if (format === "text")
    return { columns: textColumns, rowCount: head.filter((byte) => byte === lineFeed).length };
  const key = jsonDigest([dialect, encoding], { encoding: "hex", length: 24 });
  const source = {
    compression: "none" as const,
    encoding,
    maxDecompressedBytes: settings.maxDecompressedBytes,
    dialect,
  };
  const write = (path: string, signal: AbortSignal) => prepareText(once(head), path, { ...source, signal });
  const file = await namingFile(object.uri, () => cache.derived(object, `head-v1-${key}`, write, scope));
  try {
    const files = [{ path: file.path, uri: object.uri, partition: {} }];
    const columns: Column[] = columnNames.map((name) => ({ name, type: "VARCHAR" }));
    const scan: AnalyzeRequest["scan"] = dialect
      ? { format: "csv", files, partitionColumns: [], dialect, columns }
      : { format: "ndjson", files, partitionColumns: [], columns: [] };
    return await engine.analyze({ scan }, scope);
  } finally {
    file.release();
  }
}

const textColumns = [
  { name: "line_number", type: "BIGINT" },
  { name: "line", type: "VARCHAR" },
];

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
