import { ToolError } from "../../core/errors.ts";
import type { Footers } from "../describe/footers.ts";
import type { ParquetFooter } from "../formats/parquet-footer.ts";
import type { DatasetRows } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { StatementPlan } from "../sql/engine.ts";
import { mapBounded } from "./map-bounded.ts";
import { claimsParquet } from "./open-parquet.ts";
import type { NamedDataset } from "./plan-hydration.ts";

/** Footers read at once. */
const parallelFooters = 64;

/**
 * The answer of `SELECT count(*) FROM t` over Parquet files, which their footers have. Undefined for other statements
 * and files, and where a footer cannot be read or is GeoParquet's, which the engine alone checks: the engine says why.
 */
export async function countByFooters(
  footers: Footers,
  tables: readonly NamedDataset[],
  { count }: StatementPlan,
  scope: LakeScope,
): Promise<DatasetRows | undefined> {
  const [table, ...others] = tables;
  if (!count || count.where || !table || others.length > 0 || table.dataset.table) return undefined;
  const { files, hints, notes } = table.dataset;
  if (!files.every(({ object }) => claimsParquet(object, hints))) return undefined;
  const read = await footersOf(files, ({ object }) => footers.read(object, scope));
  if (!read || read.some(({ isGeo }) => isGeo)) return undefined;
  const total = read.reduce((sum, { rowCount }) => sum + rowCount, 0);
  return countAnswer(count.name, total, notes);
}

/** The footers of files; undefined where one cannot be read. */
export async function footersOf<T>(
  files: readonly T[],
  read: (file: T) => Promise<ParquetFooter>,
): Promise<ParquetFooter[] | undefined> {
  try {
    return await mapBounded(files, parallelFooters, read);
  } catch (thrown) {
    if (thrown instanceof ToolError && ["invalid_input", "unsupported"].includes(thrown.code))
      return undefined;
    throw thrown;
  }
}

/** The page of a count alone. */
export function countAnswer(name: string, count: number, notes: string[]): DatasetRows {
  const columns = [{ name, type: "BIGINT" }];
  return { columns, rows: [[count]], more: false, totalRows: 1, rejectedCount: 0, rejects: [], notes };
}
