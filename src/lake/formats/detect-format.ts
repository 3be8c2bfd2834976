import { ToolError } from "../../core/errors.ts";
import { type DetectedCsv, detectCsv } from "./csv-detect.ts";
import { decodeHead, detectEncoding } from "./encoding.ts";
import { claimOf, type NameClaim } from "./file-name.ts";
import type { DataFormat, DetectedFormat, FormatHints, TextEncoding } from "./format.ts";
import { type ContentHead, contentHead } from "./head.ts";
import { jsonShape } from "./json-shape.ts";
import {
  encryptedParquetMagic,
  gzipMagic,
  hasControls,
  parquetMagic,
  startsWith,
  unreadableFormat,
  zstdMagic,
} from "./magic.ts";
import { isTable } from "./prose.ts";

export interface DetectOptions {
  /** Whether the head is the whole file. */
  isWhole: boolean;
  /** What the caller says of the file. It wins over what the content looks like. */
  hints?: FormatHints;
}

const formatOfExtension: ReadonlyMap<string, DataFormat> = new Map<string, DataFormat>([
  ["parquet", "parquet"],
  ["csv", "csv"],
  ["tsv", "csv"],
  ["tab", "csv"],
  ["psv", "csv"],
  ["json", "json"],
  ["geojson", "json"],
  ["ndjson", "ndjson"],
  ["jsonl", "ndjson"],
  ["ldjson", "ndjson"],
]);
const separatorOfExtension: ReadonlyMap<string, string> = new Map([
  ["tsv", "\t"],
  ["tab", "\t"],
  ["psv", "|"],
]);
/** Texts whose lines can look like a table, and are none. */
const proseExtensions: ReadonlySet<string> = new Set([
  "md",
  "log",
  "html",
  "htm",
  "xml",
  "yaml",
  "yml",
  "rst",
  "sql",
]);

/**
 * What a file is, by its first bytes (256 KiB are plenty); its name settles what they leave open. Throws
 * `unsupported` for formats Sluice does not read, with their name, and `invalid_input` for damaged compression,
 * an empty `.parquet`, or a separator no CSV can have.
 */
export function detectFormat(
  head: Uint8Array,
  name: string,
  { isWhole, hints = {} }: DetectOptions,
): DetectedFormat {
  const claim = claimOf(name);
  const content = contentHead(head, isWhole);
  refuseUnreadable(content, hints);
  const notes = compressionNotes(claim, content);
  if (isParquet(content, claim, hints)) return parquetFormat(content, claim, notes);
  if (content.bytes.length === 0 && content.isWhole) return emptyFormat(content, claim, hints, notes);
  const encoding = encodingOf(content, claim, hints, notes);
  const text = decodeHead(content.bytes, encoding);
  const format = hints.format ?? textFormat(text, content, claim, notes);
  if (format !== "csv") return { format, compression: content.compression, encoding, notes };
  const csv = csvOf(text, content, claim, hints);
  return {
    format,
    compression: content.compression,
    encoding,
    dialect: csv.dialect,
    columnNames: csv.columnNames,
    notes: [...notes, ...csv.notes],
  };
}

function refuseUnreadable({ bytes, compression }: ContentHead, hints: FormatHints): void {
  const inside = compression === "none" ? "" : ` inside ${compression}`;
  if (startsWith(bytes, encryptedParquetMagic) && hasControls(bytes)) {
    throw new ToolError(
      "unsupported",
      "The file is Parquet with an encrypted footer, which Sluice has no keys for.",
    );
  }
  const isCompressedAgain = startsWith(bytes, gzipMagic) || startsWith(bytes, zstdMagic);
  if (compression !== "none" && isCompressedAgain) {
    throw new ToolError("unsupported", "The file is compressed twice. Store it compressed once.");
  }
  const found = unreadableFormat(bytes);
  if (found === undefined || (hints.format !== undefined && !hasControls(bytes))) return;
  throw new ToolError(
    "unsupported",
    `The file is ${found}${inside}, which Sluice does not read. It reads Parquet, CSV, JSON and text.`,
    { details: { found } },
  );
}

function compressionNotes(claim: NameClaim, { compression }: ContentHead): string[] {
  if (claim.compression === compression) return [];
  const said = claim.compression === "none" ? "no compression" : claim.compression;
  return [`the name says ${said}, the content is ${compression === "none" ? "not compressed" : compression}`];
}

/** A CSV may begin with a column PAR1: only there the name decides. */
function isParquet({ bytes }: ContentHead, { extension }: NameClaim, hints: FormatHints): boolean {
  if (hints.format !== undefined) return hints.format === "parquet";
  const named = formatOfExtension.get(extension);
  if (startsWith(bytes, parquetMagic))
    return hasControls(bytes) || named === "parquet" || named === undefined;
  return named === "parquet" && !detectEncoding(bytes, false);
}

function parquetFormat(
  { compression, bytes }: ContentHead,
  claim: NameClaim,
  notes: string[],
): DetectedFormat {
  if (compression !== "none") {
    throw new ToolError(
      "unsupported",
      `The file is Parquet compressed as a whole with ${compression}. Store it as it is: Parquet compresses inside.`,
    );
  }
  if (bytes.length === 0) throw new ToolError("invalid_input", "The file is empty: it is no Parquet file.");
  return { format: "parquet", compression, notes: [...notes, ...formatNote(claim, "parquet")] };
}

function emptyFormat(
  { compression }: ContentHead,
  { extension }: NameClaim,
  hints: FormatHints,
  notes: string[],
): DetectedFormat {
  const named = hints.format ?? formatOfExtension.get(extension) ?? "text";
  if (named === "parquet") throw new ToolError("invalid_input", "The file is empty: it is no Parquet file.");
  const base: DetectedFormat = {
    format: named,
    compression,
    encoding: hints.encoding ?? "utf-8",
    notes: [...notes, "the file is empty"],
  };
  if (named !== "csv") return base;
  const { dialect } = detectCsv("", false, hints, separatorOfExtension.get(extension) ?? ",");
  return { ...base, dialect, columnNames: [] };
}

function encodingOf(
  content: ContentHead,
  claim: NameClaim,
  hints: FormatHints,
  notes: string[],
): TextEncoding {
  if (hints.encoding !== undefined) return hints.encoding;
  const detected = detectEncoding(content.bytes, content.isWhole);
  if (detected) {
    notes.push(...detected.notes);
    return detected.encoding;
  }
  if (hints.format !== undefined) return "utf-8";
  const said = formatOfExtension.has(claim.extension)
    ? ` The name says ${claim.extension}; the content is not.`
    : "";
  throw new ToolError(
    "unsupported",
    `The file is binary data of no format Sluice knows.${said} It reads Parquet, CSV, JSON and text; say format and encoding if it is one of them.`,
  );
}

function textFormat(text: string, content: ContentHead, claim: NameClaim, notes: string[]): DataFormat {
  const named = formatOfExtension.get(claim.extension);
  const namedJson = named === "json" || named === "ndjson" ? named : undefined;
  const found =
    (proseExtensions.has(claim.extension) ? "text" : undefined) ??
    jsonShape(Buffer.from(text), content.isWhole, namedJson) ??
    (named === "csv" || isTable(csvOf(text, content, claim, {}), claim.extension === "txt")
      ? "csv"
      : undefined) ??
    // Broken JSON is better told where it breaks than read as text.
    namedJson ??
    "text";
  notes.push(...formatNote(claim, found));
  return found;
}

function formatNote({ extension }: NameClaim, found: DataFormat): string[] {
  const named = formatOfExtension.get(extension);
  const isJson = (format: DataFormat) => format === "json" || format === "ndjson";
  if (named === undefined || named === found || (isJson(named) && isJson(found))) return [];
  return [`the name says ${extension}, the content is ${found}`];
}

function csvOf(
  text: string,
  content: ContentHead,
  { extension }: NameClaim,
  hints: FormatHints,
): DetectedCsv {
  return detectCsv(text, !content.isWhole, hints, separatorOfExtension.get(extension) ?? ",");
}
