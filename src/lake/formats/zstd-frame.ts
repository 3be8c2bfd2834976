import { ToolError } from "../../core/errors.ts";

/** Windows up to here are decompressed, as the zstd program does without being told otherwise. */
const maxWindowBytes = 128 * 1024 * 1024;

export type FrameHeader =
  | { kind: "zstd"; headerBytes: number; hasChecksum: boolean }
  | { kind: "skippable" /** Header and content. */; sizeBytes: number };

/**
 * Reads a frame's header from its first bytes (RFC 8878, 3.1.1.1 and 3.1.2). Throws `unsupported` for a
 * dictionary or a window that takes more than 128 MiB of memory.
 */
export function parseFrameHeader(bytes: Buffer): FrameHeader | "incomplete" | "damaged" {
  const magic = bytes.readUInt32LE(0);
  if (magic >>> 4 === 0x184d2a5) {
    return bytes.length < 8 ? "incomplete" : { kind: "skippable", sizeBytes: 8 + bytes.readUInt32LE(4) };
  }
  if (magic !== 0xfd2fb528) return "damaged";
  const descriptor = bytes[4];
  if (descriptor === undefined) return "incomplete";
  if (descriptor & 0x08) return "damaged";
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentFlag = descriptor >> 6;
  const contentBytes = contentFlag === 0 ? Number(isSingleSegment) : 1 << contentFlag;
  const dictionaryAt = 5 + (isSingleSegment ? 0 : 1);
  const headerBytes = dictionaryAt + dictionaryBytes + contentBytes;
  if (bytes.length < headerBytes) return "incomplete";
  if (dictionaryBytes > 0 && bytes.readUIntLE(dictionaryAt, dictionaryBytes) !== 0) {
    throw new ToolError("unsupported", "The zstd data needs a dictionary. Compress it without one.");
  }
  checkWindow(
    isSingleSegment
      ? readContentSize(bytes, dictionaryAt + dictionaryBytes, contentBytes)
      : windowOf(bytes[5] ?? 0),
  );
  return { kind: "zstd", headerBytes, hasChecksum: (descriptor & 0x04) !== 0 };
}

function readContentSize(bytes: Buffer, at: number, sizeBytes: number): number {
  if (sizeBytes === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
}

function windowOf(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function checkWindow(windowBytes: number): void {
  if (windowBytes <= maxWindowBytes) return;
  throw new ToolError(
    "unsupported",
    `The zstd data asks for a window of ${windowBytes} bytes; ${maxWindowBytes} are allowed. Compress it without --long or --ultra.`,
  );
}
