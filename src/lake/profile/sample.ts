import { ToolError } from "../../core/errors.ts";
import { mapBounded } from "../datasets/map-bounded.ts";
import type { LakeParts, OpenTable } from "../datasets/with-tables.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import { pastChunkBytes } from "../formats/parquet-tail.ts";
import type { LakeScope } from "../scope.ts";
import type { ScanFile } from "../sql/engine.ts";
import { askOf, type Source, tableName } from "./ask.ts";
import type { ColumnPage } from "./choose-columns.ts";
import { type FileBytes, sampleRanges } from "./sample-ranges.ts";

/** Rows a sample aims at. Datasets with fewer are always looked at whole. */
export const sampleRows = 100_000;

/** Some rows of a table. */
export interface SampleSource extends Source {
  /** Said to the reader: `3 of 49 row groups`. */
  ofWhat: string;
  ahead?: Ahead;
}

/** A sample that is fetched whole while the engine is asked which columns there are. */
interface Ahead {
  /**
   * Whether all of it came in time. To be asked while no statement runs, before one is run as of bytes that are there. Throws
   * why they did not come.
   */
  arrived(): Promise<boolean>;
  /** Ends what nobody waits for. Must be called. */
  stop(): void;
}

/**
 * Of Parquet some row groups, so that the others are never read; of text some of the rows, all over it. `page`: the
 * columns it will be asked for.
 */
export async function sampleOf(
  parts: LakeParts,
  table: OpenTable,
  { rowCount, page }: { rowCount: number; page: ColumnPage },
  scope: LakeScope,
): Promise<SampleSource> {
  const { scan, dataset } = table;
  // Row groups of a table of Delta or Iceberg hold rows that do not count.
  if (scan.format === "parquet" && !dataset.table) {
    const read = await mapBounded(dataset.files, 16, ({ object }) => parts.footers.read(object, scope));
    if (!read.some(hasOwnRowNumber)) {
      const { ranges, bytes, groups, allGroups } = sampleRanges(read, sampleRows);
      const ask = askOf(parts, [{ name: tableName, scan: { ...scan, ranges } }], scope);
      const ofWhat = `${groups} of ${allGroups} row groups`;
      const { timeoutMs } = parts.settings.query;
      const within = { timeoutMs, signal: scope.signal };
      const ahead = isOfAll(page, read) ? fetchAhead(scan.files, bytes, within) : undefined;
      return { ask, from: tableName, look: "cheap", ofWhat, ...(ahead ? { ahead } : {}) };
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

function isOfAll({ names, first, count }: ColumnPage, footers: readonly ParquetFooter[]): boolean {
  if (names.length > 0 || first > 0) return false;
  return new Set(footers.flatMap(({ columns }) => columns.map(({ name }) => name))).size <= count;
}

/** Files of which something is fetched at once. */
const parallelFiles = 64;

/** Undefined where it is not known what to fetch, or is more than may be read. */
function fetchAhead(
  files: readonly ScanFile[],
  bytes: readonly FileBytes[],
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Ahead | undefined {
  const sparse = [...byFile(files, bytes)].filter(([{ hydrate }]) => hydrate);
  const isKnown = sparse.every(([, ranges]) => ranges.every(({ start, end }) => end > start));
  const parts = isKnown ? sparse.map(([file, ranges]) => file.fetchAhead?.(ranges)) : [];
  if (parts.length < sparse.length || parts.some((part) => !part)) return undefined;
  const over = new AbortController();
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, over.signal, late]);
  const fetching = mapBounded(parts, parallelFiles, async (part) => {
    try {
      await part?.fetch(either);
    } catch (thrown) {
      over.abort(thrown);
      throw thrown;
    }
  });
  const fault = fetching.then(
    () => undefined,
    (thrown: unknown) => ({ thrown }),
  );
  return {
    async arrived() {
      const failed = await fault;
      // The statement that then fetches it has its own time, and says so.
      if (failed && late.aborted) return false;
      if (failed) throw failed.thrown;
      for (const [{ hydrate }, ranges] of sparse) await hydrate?.(ranges, false).fetch(either);
      return true;
    },
    stop: () => over.abort(new ToolError("timeout", "Nobody waits for these bytes any more.")),
  };
}

/** With what the engine may read past a row group. */
function byFile(files: readonly ScanFile[], bytes: readonly FileBytes[]): Map<ScanFile, FileBytes[]> {
  const found = new Map<ScanFile, FileBytes[]>();
  for (const { file: at, start, end } of bytes) {
    const file = files[at];
    if (!file) continue;
    const ranges = found.get(file) ?? [];
    ranges.push({ file: at, start, end: end > start ? end + pastChunkBytes : end });
    found.set(file, ranges);
  }
  return found;
}
