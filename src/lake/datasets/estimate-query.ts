import { stat } from "node:fs/promises";
import { sumBytes } from "../cache/byte-ranges.ts";
import { footerStart, isFetchedWhole, parquetEndBytes } from "../formats/parquet-tail.ts";
import type { LakeQueryRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { NamedScan, PlannedRead, Scan } from "../sql/engine.ts";
import { countOfFiles } from "./count-of-files.ts";
import { mapBounded } from "./map-bounded.ts";
import { claimsParquet, readLocal } from "./open-parquet.ts";
import type { NamedDataset } from "./plan-hydration.ts";
import { withPruned } from "./prune-files.ts";
import { withNamedTables } from "./query.ts";
import { type LakeParts, scansOf, withTables } from "./with-tables.ts";

/** What a statement reads of its sources, found without running it. */
export interface ScanEstimate {
  /** Files it reads something of, or may. */
  files: number;
  /** Bytes of source objects, whether this server has some of them already or not. */
  bytes: number;
  /** `at most`: files count whole of which a part may be enough, which only a run tells. */
  exactness: "by plan" | "at most";
  notes: string[];
}

/**
 * Names the files, prunes partitions by name, and counts of Parquet the column chunks the statement's plan reads, of all
 * others the whole. Fetches nothing but footers, with which small files come whole. Throws as `query` does before it runs.
 */
export async function estimateQuery(
  parts: LakeParts,
  { sql, sources }: Pick<LakeQueryRequest, "sql" | "sources">,
  scope: LakeScope,
): Promise<ScanEstimate> {
  const plan = await parts.engine.plan(sql, scope);
  return withNamedTables(parts, plan.tables, sources, scope, (named, scope) =>
    withPruned(parts, named, plan, scope, async (tables) => {
      const found = await estimateTables(parts, sql, tables, scope);
      // Of text the first rows may be had from the start of the first file.
      return plan.firstRows === undefined || found.isParquet ? found : { ...found, exactness: "at most" };
    }),
  );
}

async function estimateTables(
  parts: LakeParts,
  sql: string,
  tables: readonly NamedDataset[],
  scope: LakeScope,
): Promise<ScanEstimate & { isParquet: boolean }> {
  const notes = [...new Set(tables.flatMap(({ dataset }) => dataset.notes))];
  const isParquet = tables.every(({ dataset }) =>
    dataset.files.every(({ object }) => claimsParquet(object, dataset.hints)),
  );
  if (!isParquet) {
    const found = wholeFiles(tables);
    const said = `Nothing was run: the sizes of ${countOfFiles(found.files)} were looked at, and none was opened.`;
    return { ...found, notes: [...notes, said], isParquet };
  }
  return withTables(parts, tables, scope, async (open) => {
    const scans = scansOf(open);
    const reads = await parts.engine.planReads({ sql, tables: asSparse(scans) }, scope);
    const footers = await footersOf(scans);
    const said = `Nothing was run: the footers of ${countOfFiles(footers.files)} were read, ${footers.bytes} bytes.`;
    const all = [...notes, said, ...noteOnSmall(tables)];
    return { ...plannedBytes(reads), exactness: "by plan", notes: all, isParquet };
  });
}

/** Bytes that are fetched beside those the statement needs, to plan it too. */
function noteOnSmall(tables: readonly NamedDataset[]): string[] {
  const objects = tables.flatMap(({ dataset }) => dataset.files.map(({ object }) => object));
  const small = new Map(
    objects
      .filter(({ location, sizeBytes }) => location.kind !== "local" && isFetchedWhole(sizeBytes))
      .map(({ uri, sizeBytes }) => [uri, sizeBytes]),
  );
  if (small.size === 0) return [];
  const bytes = [...small.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0);
  return [
    `Small files come whole, and came so with their footers: ${countOfFiles(small.size)}, ${bytes} bytes, of which bytesToFetch has what the statement needs.`,
  ];
}

/** What was read of the tables' files, or had been before, to plan the statement. */
async function footersOf(tables: readonly NamedScan[]): Promise<{ files: number; bytes: number }> {
  const paths = [...new Set(tables.flatMap(({ scan }) => scan.files.map(({ path }) => path)))];
  const sizes = await mapBounded(paths, 16, async (path) => {
    const { size } = await stat(path);
    const end = await readLocal(path, { start: Math.max(0, size - parquetEndBytes), end: size });
    return size - (footerStart(end, size) ?? size);
  });
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Text has no parts to leave out; a statement over text and Parquet is planned only when the text has been read. */
function wholeFiles(tables: readonly NamedDataset[]): Omit<ScanEstimate, "notes"> {
  const files = new Map(
    tables.flatMap(({ dataset }) =>
      dataset.files.map(({ object }) => [object.uri, { object, hints: dataset.hints }] as const),
    ),
  );
  const hasParquet = [...files.values()].some(({ object, hints }) => claimsParquet(object, hints));
  const bytes = [...files.values()].reduce((sum, { object }) => sum + object.sizeBytes, 0);
  return { files: files.size, bytes, exactness: hasParquet ? "at most" : "by plan" };
}

/** Files that are whole here already are planned as if they were not: how much is kept does not change what is read. */
function asSparse(tables: readonly NamedScan[]): NamedScan[] {
  const planned = new Map<Scan, Scan>();
  for (const { scan } of tables) {
    const files = scan.files.map((file) => ({ ...file, hydrate: () => ({ fetch: async () => 0 }) }));
    planned.set(scan, { ...scan, files });
  }
  return tables.map(({ name, scan }) => ({ name, scan: planned.get(scan) ?? scan }));
}

function plannedBytes(reads: readonly PlannedRead[]): { files: number; bytes: number } {
  const uris = new Set(reads.filter(({ ranges }) => ranges.length > 0).map(({ file }) => file.uri));
  const bytes = reads.reduce((sum, { ranges }) => sum + sumBytes(ranges), 0);
  return { files: uris.size, bytes };
}
