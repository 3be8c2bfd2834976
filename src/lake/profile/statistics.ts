import type { ColumnProfile } from "../lake.ts";
import type { Column, RowPage } from "../sql/engine.ts";
import { maxDateMs } from "../tables/table-moment.ts";
import { type ColumnKind, isNumber, kindOf, quoteIdentifier } from "./column-kind.ts";
import { type ColumnPlan, type DistinctWay, hashShare, type QuantileWay } from "./column-plan.ts";

/** Characters of a text shown as minimum, maximum or top value. */
export const maxShownChars = 200;

/** The square of a larger double is past the range, which would fail the whole statement. */
const maxSquarable = 1e150;

const quantileNames = ["p5", "p25", "p50", "p75", "p95"];
const quantilePoints = "[0.05, 0.25, 0.5, 0.75, 0.95]";

/** One column's numbers, and where a histogram of it can lie (milliseconds since the epoch for times). */
export interface ColumnStatistics {
  profile: ColumnProfile;
  nonNulls: number;
  range?: { low: number; high: number };
}

export interface StatisticsWish {
  /** Also asks where a histogram can lie. */
  hasRange: boolean;
  /** Some doubles are infinite, no numbers, or too large for a deviation: means and deviations are those of the others. */
  hasWild: boolean;
}

/** One SELECT with one row: the statistics of all columns of `plans` in one pass over `source`. */
export function statisticsSql(plans: readonly ColumnPlan[], source: string, wish: StatisticsWish): string {
  const parts = plans.flatMap((plan, at) =>
    Object.entries(expressions(plan, wish)).map(([what, expression]) => `${expression} AS ${what}${at}`),
  );
  return `SELECT ${["count(*) AS n", ...parts].join(",\n")} FROM ${source}`;
}

/** Quantiles of a column; exact ones hold all its values. Undefined where none are asked for, or it has none. */
export function quantilesSql({ name, type }: Column, way: QuantileWay): string | undefined {
  if (way === "none" || !hasQuantiles(kindOf(type))) return undefined;
  const aggregate = way === "exact" ? "quantile_disc" : "approx_quantile";
  return `${aggregate}(${quoteIdentifier(name)}, ${quantilePoints})`;
}

/** What a statement gave for quantiles, by their names. */
export function namedQuantiles(given: unknown): Record<string, unknown> | undefined {
  if (!Array.isArray(given)) return undefined;
  return Object.fromEntries(quantileNames.map((point, at) => [point, given[at]]));
}

function hasQuantiles(kind: ColumnKind): boolean {
  return isNumber(kind) || kind === "instant";
}

function expressions(plan: ColumnPlan, { hasRange, hasWild }: StatisticsWish): Record<string, string> {
  const { name, type } = plan.column;
  const column = quoteIdentifier(name);
  const kind = kindOf(type);
  const asked: Record<string, string> = { count: `count(${column})` };
  if (kind === "other") return asked;
  // The engine looks each row up once for every aggregate of distinct values. A few of them tell the other figures too.
  const list = plan.isListable ? `list(DISTINCT ${column})` : undefined;
  asked.distinct = list ? `list_count(${list})` : distinctSql(column, plan.distinct);
  const [min, max]: [string, string] = list
    ? [`list_min(${list})`, `list_max(${list})`]
    : [`min(${column})`, `max(${column})`];
  asked.min = kind === "text" ? shorten(`CAST(${min} AS VARCHAR)`) : min;
  asked.max = kind === "text" ? shorten(`CAST(${max} AS VARCHAR)`) : max;
  if (!hasQuantiles(kind)) return asked;
  const quantiles = quantilesSql(plan.column, plan.quantiles);
  if (quantiles !== undefined) asked.quantiles = quantiles;
  const range = hasRange ? rangeSql(column, kind, [min, max]) : {};
  return { ...asked, ...momentsSql(plan.column, hasWild), ...range };
}

function distinctSql(column: string, way: DistinctWay): string {
  if (way === "each") return `count(DISTINCT ${column})`;
  if (way === "sketched") return `approx_count_distinct(${column})`;
  const isCounted = `(hash(${column}) & ${hashShare - 1}) = 0 AND ${column} IS NOT NULL`;
  return `count(DISTINCT hash(${column})) FILTER (WHERE ${isCounted}) * ${hashShare}`;
}

/** Filters cost more than what they filter. */
function momentsSql({ name, type }: Column, hasWild: boolean): Record<string, string> {
  const column = quoteIdentifier(name);
  const kind = kindOf(type);
  if (kind === "instant") return {};
  const number = `CAST(${column} AS DOUBLE)`;
  const average = isWide(type) ? `favg(${number})` : `avg(${column})`;
  const isFiltered = hasWild && kind === "float";
  const isSquarable = isFiltered ? ` FILTER (WHERE abs(${number}) < ${maxSquarable})` : "";
  return {
    mean: `${average}${isFiltered ? finiteOnly(column, kind) : ""}`,
    stddev: `stddev_samp(${number})${isSquarable}`,
  };
}

/** Whose sums may pass the engine's largest integer, which would fail the whole statement. */
function isWide(type: string): boolean {
  const [, digits = "0"] = /^DECIMAL\((\d+),/.exec(type) ?? [];
  return /^U?HUGEINT$/.test(type) || Number(digits) > 18;
}

/** Where a histogram can lie: between `bounds`, where none of its values are infinite. */
function rangeSql(
  column: string,
  kind: ColumnKind,
  bounds: readonly [min: string, max: string],
): Record<string, string> {
  const filter = finiteOnly(column, kind);
  const [low, high] = filter === "" ? bounds : [`min(${column})${filter}`, `max(${column})${filter}`];
  if (kind === "instant") return { low: `epoch_ms(${low})`, high: `epoch_ms(${high})` };
  return { low: `CAST(${low} AS DOUBLE)`, high: `CAST(${high} AS DOUBLE)` };
}

function shorten(text: string): string {
  return `CASE WHEN length(${text}) > ${maxShownChars} THEN left(${text}, ${maxShownChars}) || '…' ELSE ${text} END`;
}

/** Infinities would fail the whole statement: their mean and deviation are out of range. Filters cost, and others need none. */
function finiteOnly(column: string, kind: ColumnKind): string {
  return kind === "float" || kind === "instant" ? ` FILTER (WHERE isfinite(${column}))` : "";
}

/** Whether means and deviations without a filter are those of all values. Nothing is greater than what is no number. */
export function isTame(statistics: readonly ColumnStatistics[]): boolean {
  return statistics
    .filter(({ profile, nonNulls }) => kindOf(profile.type) === "float" && nonNulls > 0)
    .every(({ profile }) =>
      [profile.min, profile.max].every((bound) => Math.abs(Number(bound)) < maxSquarable),
    );
}

/** The row of `statisticsSql`, taken apart. */
export function readStatistics(
  page: RowPage,
  plans: readonly ColumnPlan[],
): { rowCount: number; statistics: ColumnStatistics[] } {
  const values = new Map(page.columns.map(({ name }, at) => [name, page.rows[0]?.[at]]));
  const rowCount = Number(values.get("n"));
  const statistics = plans.map((plan, at) =>
    readColumn(plan, rowCount, (what) => values.get(`${what}${at}`)),
  );
  return { rowCount, statistics };
}

function readColumn(
  { column: { name, type }, distinct }: ColumnPlan,
  rowCount: number,
  value: (what: string) => unknown,
): ColumnStatistics {
  const nonNulls = Number(value("count"));
  const profile: ColumnProfile = { name, type, nulls: rowCount - nonNulls };
  const kind = kindOf(type);
  if (kind === "other") return { profile, nonNulls };
  // Estimates can be past what there is.
  const count = Math.min(Number(value("distinct")), nonNulls);
  profile.distinct = { count, exactness: distinct === "each" ? "exact" : "estimated" };
  if (nonNulls === 0) return { profile, nonNulls };
  Object.assign(profile, { min: value("min"), max: value("max") });
  if (isNumber(kind)) Object.assign(profile, given({ mean: value("mean"), stddev: value("stddev") }));
  const quantiles = namedQuantiles(value("quantiles"));
  if (quantiles) profile.quantiles = quantiles;
  const [low, high] = [Number(value("low") ?? Number.NaN), Number(value("high") ?? Number.NaN)];
  const mostShown = kind === "instant" ? maxDateMs : Number.MAX_VALUE;
  const hasRange = [low, high].every((edge) => Math.abs(edge) <= mostShown);
  return { profile, nonNulls, ...(hasRange ? { range: { low, high } } : {}) };
}

/** What is there, and did not pass the range of doubles on the way, as the sum behind a mean may. */
function given(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) => (value ?? undefined) !== undefined && Number.isFinite(Number(value)),
    ),
  );
}
