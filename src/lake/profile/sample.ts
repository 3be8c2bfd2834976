import { mapBounded } from "../datasets/map-bounded.ts";
import type { LakeParts, OpenTable } from "../datasets/with-tables.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import type { LakeScope } from "../scope.ts";
import { askOf, type Source, tableName } from "./ask.ts";
import { sampleRanges } from "./sample-ranges.ts";

/** Rows a sample aims at. Datasets with fewer are always looked at whole. */
export const sampleRows = 100_000;

/** Some rows of a table. */
export interface SampleSource extends Source {
  /** Said to the reader: `3 of 49 row groups`. */
  ofWhat: string;
}

/** Of Parquet some row groups, so that the others are never read; of text some of the rows, all over it. */
export async function sampleOf(
  parts: LakeParts,
  table: OpenTable,
  rowCount: number,
  scope: LakeScope,
): Promise<SampleSource> {
  const { scan, dataset } = table;
  // Row groups of a table of Delta or Iceberg hold rows that do not count.
  if (scan.format === "parquet" && !dataset.table) {
    const read = await mapBounded(dataset.files, 16, ({ object }) => parts.footers.read(object, scope));
    if (!read.some(hasOwnRowNumber)) {
      const { ranges, groups, allGroups } = sampleRanges(read, sampleRows);
      const ask = askOf(parts, [{ name: tableName, scan: { ...scan, ranges } }], scope);
      return { ask, from: tableName, look: "cheap", ofWhat: `${groups} of ${allGroups} row groups` };
    }
  }
  const percent = Math.max(0.001, Number(((100 * sampleRows) / Math.max(1, rowCount)).toPrecision(3)));
  const ofWhat = `about ${percent} % of the rows`;
  const lines = await table.sample?.(percent / 100);
  if (lines) {
    const ask = askOf(parts, [{ name: tableName, scan: lines }], scope);
    return { ask, from: tableName, look: "parses", ofWhat };
  }
  return {
    ask: askOf(parts, [{ name: tableName, scan }], scope),
    from: `(FROM ${tableName} USING SAMPLE ${percent} PERCENT (system, 42)) AS sampled`,
    look: "draws",
    ofWhat,
  };
}

/** A column of the files that the engine then takes for the numbers of their rows. */
function hasOwnRowNumber({ columns }: ParquetFooter): boolean {
  return columns.some(({ name }) => name.toLowerCase() === "file_row_number");
}
