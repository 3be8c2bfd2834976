import type { ByteRange } from "./cache.ts";

/** A set of bytes, kept as sorted ranges with gaps between them. */
export class RangeSet {
  private ranges: ByteRange[] = [];

  constructor(ranges: readonly ByteRange[] = []) {
    for (const range of ranges) this.add(range);
  }

  add({ start, end }: ByteRange): void {
    if (end <= start) return;
    const from = this.firstEndingAt(start);
    let to = from;
    const joined = { start, end };
    for (let at = this.ranges[to]; at && at.start <= end; at = this.ranges[++to]) {
      joined.start = Math.min(joined.start, at.start);
      joined.end = Math.max(joined.end, at.end);
    }
    this.ranges.splice(from, to - from, joined);
  }

  /** What of `ranges` is not in the set: sorted, merged. */
  missing(ranges: readonly ByteRange[]): ByteRange[] {
    return merged(ranges).flatMap((range) => this.missingOf(range));
  }

  toArray(): readonly ByteRange[] {
    return this.ranges;
  }

  private missingOf({ start, end }: ByteRange): ByteRange[] {
    const missing: ByteRange[] = [];
    let next = start;
    for (let at = this.firstEndingAt(start); next < end; at++) {
      const range = this.ranges[at];
      if (!range || range.start >= end) break;
      if (range.start > next) missing.push({ start: next, end: range.start });
      next = Math.max(next, range.end);
    }
    if (next < end) missing.push({ start: next, end });
    return missing;
  }

  /** Index of the first range that ends at `position` or after it. */
  private firstEndingAt(position: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ranges[middle]?.end ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sorted, and joined where they touch or lie up to `maxGapBytes` apart. */
export function merged(ranges: readonly ByteRange[], maxGapBytes = 0): ByteRange[] {
  const sorted = ranges.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
  const joined: ByteRange[] = [];
  for (const { start, end } of sorted) {
    const last = joined.at(-1);
    if (last && start - last.end <= maxGapBytes) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}

/** The ranges in pieces of at most `maxBytes`, alike in size. */
export function split(ranges: readonly ByteRange[], maxBytes: number): ByteRange[] {
  return ranges.flatMap(({ start, end }) => {
    const count = Math.max(1, Math.ceil((end - start) / maxBytes));
    const step = Math.ceil((end - start) / count);
    return Array.from({ length: count }, (_, at) => ({
      start: start + at * step,
      end: Math.min(end, start + (at + 1) * step),
    }));
  });
}

export function sizeOfRanges(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
