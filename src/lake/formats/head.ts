import { constants, gunzipSync } from "node:zlib";
import { ToolError } from "../../core/errors.ts";
import type { Compression } from "./format.ts";
import { gzipMagic, startsWith, zstdMagic } from "./magic.ts";
import { ZstdDecoder } from "./zstd.ts";

/** Decompressed bytes that are enough to tell a format. */
const enoughBytes = 256 * 1024;
/** Compressed bytes first tried: gzip makes at most a thousand times as much of them. */
const firstTryBytes = 4 * 1024;

/** The first bytes of a file's content. */
export interface ContentHead {
  compression: Compression;
  bytes: Buffer;
  /** Whether the content ends here. */
  isWhole: boolean;
}

/**
 * Looks behind gzip or zstd, by their magic bytes. A cut head gives what can be had of it, and never more than
 * some megabytes whatever a bomb would give. Throws `invalid_input` where not even the first bytes decompress.
 */
export function contentHead(head: Uint8Array, isWhole: boolean): ContentHead {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  if (startsWith(head, gzipMagic)) return { compression: "gzip", ...gunzipHead(bytes, isWhole) };
  if (startsWith(head, zstdMagic)) return { compression: "zstd", ...unzstdHead(bytes, isWhole) };
  return { compression: "none", bytes, isWhole };
}

function gunzipHead(head: Buffer, isWhole: boolean): Omit<ContentHead, "compression"> {
  for (let tryBytes = firstTryBytes; ; tryBytes *= 4) {
    const isAll = tryBytes >= head.length;
    const bytes = gunzipSome(head.subarray(0, tryBytes));
    if (isAll || bytes.length >= enoughBytes) return { bytes, isWhole: isAll && isWhole };
  }
}

function gunzipSome(head: Buffer): Buffer {
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw new ToolError(
      "invalid_input",
      "The file begins as gzip, but cannot be decompressed: it is damaged.",
      {
        cause,
      },
    );
  }
}

function unzstdHead(head: Buffer, isWhole: boolean): Omit<ContentHead, "compression"> {
  const decoder = new ZstdDecoder();
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const part of decoder.push(head)) {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes >= enoughBytes) return { bytes: Buffer.concat(parts), isWhole: false };
  }
  if (isWhole) decoder.end();
  return { bytes: Buffer.concat(parts), isWhole };
}
