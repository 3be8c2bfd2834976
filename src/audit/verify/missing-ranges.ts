/** Numbers that should have come and did not, yet. */
export interface MissingRanges {
  add(from: number, to: number): void;
  /** Whether the number was missing; it no longer is then. */
  take(sequence: number): boolean;
  ranges(): readonly { from: number; to: number }[];
}

export function createMissingRanges(): MissingRanges {
  let ranges: { from: number; to: number }[] = [];
  return {
    add: (from, to) => void ranges.push({ from, to }),
    take(sequence) {
      const found = ranges.find(({ from, to }) => from <= sequence && sequence <= to);
      if (!found) return false;
      ranges = ranges.flatMap((range) => (range === found ? split(range, sequence) : [range]));
      return true;
    },
    ranges: () => ranges,
  };
}

function split({ from, to }: { from: number; to: number }, at: number): { from: number; to: number }[] {
  return [
    { from, to: at - 1 },
    { from: at + 1, to },
  ].filter((range) => range.from <= range.to);
}
