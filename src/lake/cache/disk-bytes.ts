import { createRangeSet } from "./byte-ranges.ts";
import type { ByteRange } from "./cache.ts";

/** Bytes a file takes on disk, no more than its size. Source: stat(2), `st_blocks` of 512 bytes. */
export function diskBytes({ size, blocks }: { size: number; blocks: number }): number {
  return Math.min(size, blocks * 512);
}

/** What file systems allocate at least. */
const blockBytes = 4096;

/** Counts the bytes ranges of a sparse file take on disk, as {@link diskBytes} will find them. */
export function createDiskMeter(sizeBytes: number) {
  const blocks = createRangeSet();
  const inBlocks = ({ start, end }: ByteRange) => ({
    start: Math.floor(start / blockBytes) * blockBytes,
    end: Math.min(sizeBytes, Math.ceil(end / blockBytes) * blockBytes),
  });
  return {
    usedBytes: blocks.bytes,
    /** How much the file grows. */
    add: (range: ByteRange) => blocks.add(inBlocks(range)),
    /** How much the file would grow at most. */
    growth(ranges: readonly ByteRange[]): number {
      const grown = createRangeSet();
      for (const range of ranges) for (const gap of blocks.gaps([inBlocks(range)])) grown.add(gap);
      return grown.bytes();
    },
  };
}
