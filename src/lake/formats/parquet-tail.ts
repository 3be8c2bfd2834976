import { ToolError } from "../../core/errors.ts";
import { smallObjectBytes } from "../cache/small-object.ts";
import { parquetMagic, startsWith } from "./magic.ts";

/** The footer's length and the magic that end a Parquet file. */
export const parquetEndBytes = 8;
/** Magic at both ends, length of the footer. */
export const minParquetBytes = 12;
export const maxFooterBytes = 64 * 1024 * 1024;

/** The engine reads page headers in gulps that may go so far past the end of a column chunk. */
export const pastChunkBytes = 512;

/** Of what is fetched first: about the footer of 16 columns in row groups of 4 MB. */
const tailBytes = { least: 16 * 1024, most: 256 * 1024, share: 1 / 2500 };

/** Whether a file comes whole with its footer. */
export function isFetchedWhole(sizeBytes: number): boolean {
  return sizeBytes <= smallObjectBytes;
}

/** How much of a file's end is fetched first: the whole footer of most files, and little that is no footer. */
export function firstTailBytes(sizeBytes: number): number {
  const usual = Math.min(tailBytes.most, Math.max(tailBytes.least, Math.ceil(sizeBytes * tailBytes.share)));
  return Math.min(sizeBytes, usual);
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
