import type { ParquetFooter } from "../formats/parquet-footer.ts";
import type { RowRange } from "../sql/engine.ts";

/** Row groups a sample takes at least, where there are so many: one alone may be like no other. */
const leastGroups = 4;
/** Groups have so many times the rows that are taken: neighbours are alike, and in sorted files each group is its own stretch. */
const spread = 2;

/** Rows for a sample of Parquet files. */
export interface RowSample {
  ranges: RowRange[];
  /** Row groups it takes rows of, and how many there are. */
  groups: number;
  allGroups: number;
}

/**
 * About `wantedRows` rows out of row groups evenly spread over the files: of each the first rows, the same number where it has so
 * many, and more groups than hold so many.
 */
export function sampleRanges(footers: readonly ParquetFooter[], wantedRows: number): RowSample {
  const groups = footers.flatMap(({ groupRows }, file) => {
    let start = 0;
    return groupRows.map((rowCount) => {
      const range = { file, start, end: start + rowCount };
      start += rowCount;
      return range;
    });
  });
  const taken = takenGroups(groups, wantedRows);
  const most = mostOfEach(taken.map(rowsOf), wantedRows);
  const ranges = taken.map(({ file, start, end }) => ({ file, start, end: Math.min(end, start + most) }));
  return { ranges, groups: taken.length, allGroups: groups.length };
}

const rowsOf = ({ start, end }: RowRange) => end - start;
const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** Evenly spread ones. Where those are smaller than most are, more of them. */
function takenGroups(groups: readonly RowRange[], wantedRows: number): RowRange[] {
  const perGroup = Math.max(1, sumOf(groups.map(rowsOf)) / Math.max(1, groups.length));
  let count = Math.max(leastGroups, Math.ceil((spread * wantedRows) / perGroup));
  for (; count < groups.length; count *= 2) {
    const nth = groups.length / count;
    const chosen = new Set(Array.from({ length: count }, (_, at) => Math.floor((at + 0.5) * nth)));
    const taken = groups.filter((_, at) => chosen.has(at));
    if (sumOf(taken.map(rowsOf)) >= wantedRows) return taken;
  }
  return [...groups];
}

/** Rows of each group, so that those which have fewer and those which have more are `wantedRows` together. */
function mostOfEach(groupRows: readonly number[], wantedRows: number): number {
  const rising = [...groupRows].sort((a, b) => a - b);
  let left = wantedRows;
  for (const [at, rowCount] of rising.entries()) {
    const share = left / (rising.length - at);
    if (rowCount > share) return Math.ceil(share);
    left -= rowCount;
  }
  return wantedRows;
}
