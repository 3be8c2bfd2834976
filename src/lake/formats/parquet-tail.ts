import { ToolError } from "../../core/errors.ts";
import { parquetMagic, startsWith } from "./magic.ts";

/** The footer's length and the magic that end a Parquet file. */
export const parquetEndBytes = 8;
/** Magic at both ends, length of the footer. */
export const minParquetBytes = 12;
export const maxFooterBytes = 64 * 1024 * 1024;

/** Small files are fetched in one go. */
const wholeBytes = 64 * 1024;

/** Whether a file comes whole with its footer. */
export function isFetchedWhole(sizeBytes: number): boolean {
  return sizeBytes <= wholeBytes;
}

/** How much of a file's end is fetched first: the whole footer of most files, and little that is no footer. */
export function firstTailBytes(sizeBytes: number): number {
  if (isFetchedWhole(sizeBytes)) return sizeBytes;
  return Math.min(wholeBytes, Math.max(wholeBytes / 4, Math.ceil(sizeBytes / 1024)));
}

/**
 * Where a file's footer begins, by its last 8 bytes. Undefined for one that does not end as Parquet does, or that
 * claims a footer larger than itself. Throws `unsupported` for footers over 64 MiB.
 */
export function footerStart(end: Uint8Array, sizeBytes: number): number | undefined {
  if (!startsWith(end, parquetMagic, 4)) return undefined;
  const footerBytes = Buffer.from(end.buffer, end.byteOffset, end.byteLength).readUInt32LE(0);
  if (footerBytes > sizeBytes - minParquetBytes) return undefined;
  if (footerBytes > maxFooterBytes) {
    throw new ToolError(
      "unsupported",
      `The Parquet footer takes ${footerBytes} bytes; ${maxFooterBytes} are the most Sluice reads.`,
    );
  }
  return sizeBytes - parquetEndBytes - footerBytes;
}
