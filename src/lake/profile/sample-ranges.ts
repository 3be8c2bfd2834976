import type { ByteRange } from "../cache/cache.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import type { RowRange } from "../sql/engine.ts";

/** Places a sample takes rows at, where there are so many row groups: one alone may be like no other. */
const leastPlaces = 4;
/** Places have so many times the rows between them that are taken: neighbours are alike, and in sorted files each group is its own stretch. */
const spread = 2;

/** Bytes of one of the files. */
export type FileBytes = ByteRange & { file: number };

/** Rows for a sample of Parquet files. */
export interface RowSample {
  ranges: RowRange[];
  /** Where the row groups lie that it takes rows of. */
  bytes: FileBytes[];
  /** How many those are, and how many there are. */
  groups: number;
  allGroups: number;
}

/** About `wantedRows` rows, at places evenly spread over all rows: of each row group that has some, its first rows. */
export function sampleRanges(footers: readonly ParquetFooter[], wantedRows: number): RowSample {
  const groups = footers.flatMap(({ groupRows, groupBytes }, file) => {
    let start = 0;
    return groupRows.map((rowCount, at) => {
      const group = { file, start, end: start + rowCount, bytes: groupBytes[at] ?? { start: 0, end: 0 } };
      start += rowCount;
      return group;
    });
  });
  const taken = placesIn(groups, wantedRows);
  const perPlace = rowsOfPlace(taken, wantedRows);
  const ranges = taken.map(({ group: { file, start, end }, places }) => ({
    file,
    start,
    end: Math.min(end, start + Math.ceil(places * perPlace)),
  }));
  const bytes = taken.map(({ group: { file, bytes } }) => ({ file, ...bytes }));
  return { ranges, bytes, groups: taken.length, allGroups: groups.length };
}

/** A row group's rows, and where they lie. */
type RowGroup = RowRange & { bytes: ByteRange };

/** A row group, and how many of the places lie in it. */
interface Taken {
  group: RowGroup;
  places: number;
}

const rowsOf = ({ start, end }: RowRange) => end - start;

/** The groups with places in them. Of few groups all, with as many places as they have rows. */
function placesIn(groups: readonly RowGroup[], wantedRows: number): Taken[] {
  const allRows = groups.reduce((sum, group) => sum + rowsOf(group), 0);
  const count = Math.max(
    leastPlaces,
    Math.ceil((spread * wantedRows * groups.length) / Math.max(1, allRows)),
  );
  if (count >= groups.length) {
    return groups.map((group) => ({ group, places: rowsOf(group) })).filter(({ places }) => places > 0);
  }
  const placesBefore = (row: number) => Math.ceil((row * count) / allRows - 0.5);
  let row = 0;
  return groups
    .map((group) => {
      const before = placesBefore(row);
      row += rowsOf(group);
      return { group, places: placesBefore(row) - before };
    })
    .filter(({ places }) => places > 0);
}

/** Rows taken for each place, so that all together are `wantedRows`, though some groups have fewer than their places ask for. */
function rowsOfPlace(taken: readonly Taken[], wantedRows: number): number {
  const most = ({ group, places }: Taken) => rowsOf(group) / places;
  const rising = [...taken].sort((a, b) => most(a) - most(b));
  let leftRows = wantedRows;
  let leftPlaces = taken.reduce((sum, { places }) => sum + places, 0);
  for (const one of rising) {
    if (most(one) > leftRows / leftPlaces) return leftRows / leftPlaces;
    leftRows -= rowsOf(one.group);
    leftPlaces -= one.places;
  }
  return Number.POSITIVE_INFINITY;
}
