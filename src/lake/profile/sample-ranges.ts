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

/** About `wantedRows` rows out of row groups evenly spread over the files: of each the first rows, and more groups than hold so many. */
export function sampleRanges(footers: readonly ParquetFooter[], wantedRows: number): RowSample {
  const groups = footers.flatMap(({ groupRows }, file) => {
    let start = 0;
    return groupRows.map((rowCount) => {
      const range = { file, start, end: start + rowCount };
      start += rowCount;
      return range;
    });
  });
  const allRows = groups.reduce((sum, { start, end }) => sum + end - start, 0);
  const perGroup = Math.max(1, allRows / Math.max(1, groups.length));
  const count = Math.min(groups.length, Math.max(leastGroups, Math.ceil((spread * wantedRows) / perGroup)));
  const most = Math.ceil(wantedRows / Math.max(1, count));
  const ranges = Array.from(
    { length: count },
    (_, at) => groups[Math.floor(((at + 0.5) * groups.length) / count)],
  )
    .filter((range) => range !== undefined)
    .map(({ file, start, end }) => ({ file, start, end: Math.min(end, start + most) }));
  return { ranges, groups: count, allGroups: groups.length };
}
