import { constants, createGunzip } from "node:zlib";
import { ToolError } from "../../core/errors.ts";
import { wholeRecordsEnd } from "../sql/scan/whole-records.ts";
import { decodeToUtf8 } from "./decode.ts";
import type { DetectedFormat } from "./format.ts";
import { ZstdDecoder } from "./zstd.ts";

/** A text of which the first bytes can be read alone: not one document, and cut anywhere without harm. */
export function hasReadableStart({ format, encoding }: DetectedFormat): boolean {
  return format !== "parquet" && format !== "json" && (encoding === "utf-8" || encoding === "latin-1");
}

/**
 * The records that lie whole in the first bytes of a stored file, as UTF-8 without a byte-order mark: what follows
 * in the file cannot change how they are read. Empty where not even one ends there. `stored` is cut somewhere; of a
 * compressed file at most about `maxTextBytes` are decompressed. Throws `invalid_input` for damaged data.
 */
export async function textStart(
  stored: Buffer,
  { format, compression, encoding = "utf-8", dialect }: DetectedFormat,
  maxTextBytes: number,
): Promise<Buffer> {
  const content = await decompressedStart(stored, compression, maxTextBytes);
  const chunks: Buffer[] = [];
  const decoded = decodeToUtf8(one(content), encoding, { hadByteOrderMark: false }, "keep");
  for await (const chunk of decoded) chunks.push(chunk);
  const text = Buffer.concat(chunks);
  const end = format === "csv" && dialect ? wholeRecordsEnd(text, dialect) : text.lastIndexOf("\n") + 1;
  return text.subarray(0, end);
}

async function decompressedStart(
  stored: Buffer,
  compression: DetectedFormat["compression"],
  maxBytes: number,
): Promise<Buffer> {
  if (compression === "none") return stored;
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of compression === "gzip" ? gunzipStart(stored) : unzstdStart(stored)) {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes >= maxBytes) break;
  }
  return Buffer.concat(parts);
}

/** Decompresses no more than is taken. */
async function* gunzipStart(stored: Buffer): AsyncGenerator<Uint8Array> {
  const output = createGunzip({ chunkSize: 256 * 1024, finishFlush: constants.Z_SYNC_FLUSH });
  output.end(stored);
  try {
    yield* output;
  } catch (cause) {
    throw new ToolError("invalid_input", "The gzip data is damaged: its beginning cannot be decompressed.", {
      cause,
    });
  }
}

async function* unzstdStart(stored: Buffer): AsyncGenerator<Uint8Array> {
  yield* new ZstdDecoder().push(stored);
}

async function* one(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
