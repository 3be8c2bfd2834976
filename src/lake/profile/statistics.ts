import type { ColumnProfile } from "../lake.ts";
import type { Column, RowPage } from "../sql/engine.ts";
import type { Source } from "./ask.ts";
import { isNumber, kindOf, quoteIdentifier } from "./column-kind.ts";
import { inPasses } from "./in-passes.ts";

/** Up to so many rows, distinct values and quantiles are exact. */
export const exactRows = 100_000;
/** Characters of a text shown as minimum, maximum or top value. */
export const maxShownChars = 200;

/** The square of a larger double is past the range, which would fail the whole statement. */
const maxSquarable = "1e150";

/** Memory of a column's statistics: exact ones hold every value twice, estimated ones a sketch of them. */
const bytesPerColumn = { exact: 24 << 20, estimated: 4 << 20 };

const quantileNames = ["p5", "p25", "p50", "p75", "p95"];
const quantilePoints = "[0.05, 0.25, 0.5, 0.75, 0.95]";

/** One column's numbers, and where a histogram of it can lie (milliseconds since the epoch for times). */
export interface ColumnStatistics {
  profile: ColumnProfile;
  nonNulls: number;
  range?: { low: number; high: number };
}

/** The columns in parts whose statistics each fit into `memoryBytes`; one part, of none, for no column. */
export function statisticsPasses(
  columns: readonly Column[],
  memoryBytes: number,
  isExact: boolean,
): Column[][] {
  if (columns.length === 0) return [[]];
  return inPasses(columns, memoryBytes / bytesPerColumn[isExact ? "exact" : "estimated"]);
}

/** One SELECT with one row: the statistics of all `columns` in one pass over `source`. */
export function statisticsSql(
  columns: readonly Column[],
  source: string,
  { isExact, hasQuantiles }: { isExact: boolean; hasQuantiles: boolean },
): string {
  const parts = columns.flatMap(({ name, type }, at) =>
    Object.entries(expressions(quoteIdentifier(name), type, isExact, hasQuantiles)).map(
      ([what, expression]) => `${expression} AS ${what}${at}`,
    ),
  );
  return `SELECT ${["count(*) AS n", ...parts].join(",\n")} FROM ${source}`;
}

/** Puts the quantiles of a sample into the profiles of `columns`. */
export async function addQuantiles(
  { ask, from }: Source,
  columns: readonly Column[],
  statistics: readonly ColumnStatistics[],
): Promise<void> {
  const ordered = columns.flatMap(({ name, type }, at) => {
    const kind = kindOf(type);
    const isOrdered = isNumber(kind) || kind === "instant";
    return isOrdered ? [`quantile_disc(${quoteIdentifier(name)}, ${quantilePoints}) AS q${at}`] : [];
  });
  if (ordered.length === 0) return;
  const { columns: found, rows } = await ask(`SELECT ${ordered.join(",\n")} FROM ${from}`);
  found.forEach(({ name }, at) => {
    const profile = statistics[Number(name.slice(1))]?.profile;
    const quantiles = rows[0]?.[at];
    if (profile && Array.isArray(quantiles)) profile.quantiles = named(quantiles);
  });
}

function named(quantiles: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(quantileNames.map((point, at) => [point, quantiles[at]]));
}

function expressions(
  column: string,
  type: string,
  isExact: boolean,
  hasQuantiles: boolean,
): Record<string, string> {
  const kind = kindOf(type);
  const asked: Record<string, string> = { count: `count(${column})` };
  if (kind === "other") return asked;
  asked.distinct = isExact ? `count(DISTINCT ${column})` : `approx_count_distinct(${column})`;
  const [min, max] = [`min(${column})`, `max(${column})`];
  asked.min = kind === "text" ? shorten(`CAST(${min} AS VARCHAR)`) : min;
  asked.max = kind === "text" ? shorten(`CAST(${max} AS VARCHAR)`) : max;
  if (!isNumber(kind) && kind !== "instant") return asked;
  if (hasQuantiles)
    asked.quantiles = `${isExact ? "quantile_disc" : "approx_quantile"}(${column}, ${quantilePoints})`;
  const finite = finiteOnly(column, kind === "integer" || kind === "decimal");
  if (kind === "instant") {
    asked.low = `epoch_ms(min(${column})${finite})`;
    asked.high = `epoch_ms(max(${column})${finite})`;
    return asked;
  }
  asked.mean = `avg(${column})${finite}`;
  asked.stddev = `stddev_samp(CAST(${column} AS DOUBLE)) FILTER (WHERE abs(CAST(${column} AS DOUBLE)) < ${maxSquarable})`;
  asked.low = `CAST(min(${column})${finite} AS DOUBLE)`;
  asked.high = `CAST(max(${column})${finite} AS DOUBLE)`;
  return asked;
}

function shorten(text: string): string {
  return `CASE WHEN length(${text}) > ${maxShownChars} THEN left(${text}, ${maxShownChars}) || '…' ELSE ${text} END`;
}

/** Infinities would fail the whole statement: their mean and deviation are out of range. */
function finiteOnly(column: string, isAlwaysFinite: boolean): string {
  return isAlwaysFinite ? "" : ` FILTER (WHERE isfinite(${column}))`;
}

/** The row of `statisticsSql`, taken apart. */
export function readStatistics(
  page: RowPage,
  columns: readonly Column[],
  isExact: boolean,
): { rowCount: number; statistics: ColumnStatistics[] } {
  const values = new Map(page.columns.map(({ name }, at) => [name, page.rows[0]?.[at]]));
  const rowCount = Number(values.get("n"));
  const statistics = columns.map((column, at) =>
    readColumn(column, rowCount, (what) => values.get(`${what}${at}`), isExact),
  );
  return { rowCount, statistics };
}

function readColumn(
  { name, type }: Column,
  rowCount: number,
  value: (what: string) => unknown,
  isExact: boolean,
): ColumnStatistics {
  const nonNulls = Number(value("count"));
  const profile: ColumnProfile = { name, type, nulls: rowCount - nonNulls };
  const kind = kindOf(type);
  if (kind === "other") return { profile, nonNulls };
  profile.distinct = { count: Number(value("distinct")), exactness: isExact ? "exact" : "estimated" };
  if (nonNulls === 0) return { profile, nonNulls };
  Object.assign(profile, { min: value("min"), max: value("max") });
  if (isNumber(kind)) Object.assign(profile, given({ mean: value("mean"), stddev: value("stddev") }));
  const quantiles = value("quantiles");
  if (Array.isArray(quantiles)) profile.quantiles = named(quantiles);
  const [low, high] = [Number(value("low") ?? Number.NaN), Number(value("high") ?? Number.NaN)];
  const hasRange = Number.isFinite(low) && Number.isFinite(high);
  return { profile, nonNulls, ...(hasRange ? { range: { low, high } } : {}) };
}

function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}
