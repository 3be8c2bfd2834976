import type { ByteRange } from "./cache.ts";

/** Which bytes of a file are there. Kept sorted, merged, never touching one another. */
export interface RangeSet {
  all(): readonly ByteRange[];
  bytes(): number;
  /** How many bytes were not there before. */
  add(range: ByteRange): number;
  /** The parts of sorted `ranges` that are not there. */
  gaps(ranges: readonly ByteRange[]): ByteRange[];
}

export function createRangeSet(): RangeSet {
  const list: ByteRange[] = [];
  let bytes = 0;
  return {
    all: () => list,
    bytes: () => bytes,
    add({ start, end }) {
      if (end <= start) return 0;
      const first = firstEndingFrom(list, start);
      const merged = { start, end };
      let last = first;
      let knownBytes = 0;
      for (let met = list[last]; met && met.start <= end; met = list[++last]) {
        merged.start = Math.min(merged.start, met.start);
        merged.end = Math.max(merged.end, met.end);
        knownBytes += met.end - met.start;
      }
      list.splice(first, last - first, merged);
      const added = merged.end - merged.start - knownBytes;
      bytes += added;
      return added;
    },
    gaps: (ranges) => ranges.flatMap((range) => gapsOf(list, range)),
  };
}

function gapsOf(list: readonly ByteRange[], { start, end }: ByteRange): ByteRange[] {
  const gaps: ByteRange[] = [];
  let position = start;
  for (let index = firstEndingFrom(list, start); position < end; index++) {
    const next = list[index];
    const gapEnd = Math.min(end, next?.start ?? end);
    if (gapEnd > position) gaps.push({ start: position, end: gapEnd });
    position = Math.max(position, next?.end ?? end);
  }
  return gaps;
}

/** Index of the first range that ends at or after `offset`. */
export function firstEndingFrom(list: readonly ByteRange[], offset: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.end ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sorted, merged, and clipped to a file of `sizeBytes`. */
export function tidyRanges(ranges: readonly ByteRange[], sizeBytes: number): ByteRange[] {
  const tidy: ByteRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.start - b.start)) {
    const [start, end] = [Math.max(0, range.start), Math.min(sizeBytes, range.end)];
    const last = tidy.at(-1);
    if (end <= start) continue;
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else tidy.push({ start, end });
  }
  return tidy;
}

/** Joins sorted ranges over gaps of up to `maxGapBytes`, where `mayFetch` allows the gap. */
export function coalesce(
  ranges: readonly ByteRange[],
  maxGapBytes: number,
  mayFetch: (gap: ByteRange) => boolean,
): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const { start, end } of ranges) {
    const last = joined.at(-1);
    const gap = last && { start: last.end, end: start };
    if (last && gap && gap.end - gap.start <= maxGapBytes && (gap.end === gap.start || mayFetch(gap))) {
      last.end = end;
    } else joined.push({ start, end });
  }
  return joined;
}

/** In as few pieces of up to `partBytes` as can be, all of about one size. */
export function splitRange({ start, end }: ByteRange, partBytes: number): ByteRange[] {
  const pieces = Math.ceil((end - start) / partBytes);
  const pieceBytes = Math.ceil((end - start) / pieces);
  const parts: ByteRange[] = [];
  for (let from = start; from < end; from += pieceBytes) {
    parts.push({ start: from, end: Math.min(end, from + pieceBytes) });
  }
  return parts;
}

export function sumBytes(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
