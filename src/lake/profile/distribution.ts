import type { ColumnProfile } from "../lake.ts";
import type { RowPage } from "../sql/engine.ts";
import { kindOf, quoteIdentifier } from "./column-kind.ts";
import { inPasses } from "./in-passes.ts";
import { type ColumnStatistics, maxShownChars } from "./statistics.ts";

/** Columns with more distinct values get no top values: counting them would hold them all in memory. */
export const maxCountedDistinct = 50_000;
/** Memory of a grouping that is counted: 3 MB of empty hash tables and more, and its values. */
const bytesPerGrouping = 8 << 20;
const bytesPerValue = 256;
/** GROUPING_ID holds 64 bits. */
const maxGroupings = 60;

/** One grouping: the values of a column, or the bins of its histogram. */
export interface Grouping {
  statistics: ColumnStatistics;
  kind: "top" | "bins";
  expression: string;
  memoryBytes: number;
}

export interface DistributionWish {
  topValues: number;
  histogramBins: number;
}

/** The groupings worth counting for these columns. */
export function groupingsOf(columns: readonly ColumnStatistics[], wish: DistributionWish): Grouping[] {
  return columns.flatMap((statistics): Grouping[] => {
    const column = quoteIdentifier(statistics.profile.name);
    const groupings: Grouping[] = [];
    if (wish.topValues > 0 && repeats(statistics)) {
      const memoryBytes = bytesPerGrouping + (statistics.profile.distinct?.count ?? 0) * bytesPerValue;
      groupings.push({ statistics, kind: "top", expression: column, memoryBytes });
    }
    const bin = wish.histogramBins > 0 ? binExpression(column, statistics, wish.histogramBins) : undefined;
    if (bin !== undefined)
      groupings.push({ statistics, kind: "bins", expression: bin, memoryBytes: bytesPerGrouping });
    return groupings;
  });
}

/** The groupings in parts of which each can be counted in `memoryBytes`. */
export function passesOf(groupings: readonly Grouping[], memoryBytes: number): Grouping[][] {
  return inPasses(groupings, memoryBytes, maxGroupings);
}

/** Whether values come more than once, few enough to count. */
function repeats({ profile, nonNulls }: ColumnStatistics): boolean {
  const distinct = profile.distinct?.count ?? Number.POSITIVE_INFINITY;
  return nonNulls > 0 && distinct <= maxCountedDistinct && (distinct <= 1_000 || distinct < nonNulls * 0.9);
}

function binExpression(
  column: string,
  { range, profile }: ColumnStatistics,
  bins: number,
): string | undefined {
  if (!range || range.low >= range.high || !Number.isFinite(range.high - range.low)) return undefined;
  const kind = kindOf(profile.type);
  const position = kind === "instant" ? `CAST(epoch_ms(${column}) AS DOUBLE)` : `CAST(${column} AS DOUBLE)`;
  const width = (range.high - range.low) / bins;
  const bin = `floor((${position} - CAST('${range.low}' AS DOUBLE)) / CAST('${width}' AS DOUBLE))`;
  const inside = `CAST(least(greatest(${bin}, 0), ${bins - 1}) AS INTEGER)`;
  return kind === "float" || kind === "instant" ? `CASE WHEN isfinite(${column}) THEN ${inside} END` : inside;
}

/** One SELECT that counts all groupings in one pass over `source`, and gives the largest groups of each. */
export function distributionSql(
  groupings: readonly Grouping[],
  source: string,
  wish: DistributionWish,
): string {
  const names = groupings.map((_, at) => `g${at}`);
  const shown = groupings.map(({ kind, statistics }, at) =>
    kind === "top" && kindOf(statistics.profile.type) === "text"
      ? `left(CAST(g${at} AS VARCHAR), ${maxShownChars + 1}) AS g${at}`
      : `g${at}`,
  );
  const anyValue = `coalesce(${names.map((name) => `CAST(${name} AS VARCHAR)`).join(", ")})`;
  return `WITH base AS (SELECT ${groupings.map(({ expression }, at) => `${expression} AS g${at}`).join(", ")} FROM ${source}),
counted AS (
  SELECT grouping_id(${names.join(", ")}) AS which, ${names.join(", ")}, count(*) AS n
  FROM base GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(", ")})
)
SELECT which, ${shown.join(", ")}, n, count(*) OVER (PARTITION BY which) AS groups
FROM counted WHERE ${anyValue} IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY which ORDER BY n DESC, ${anyValue}) <= ${Math.max(wish.topValues, wish.histogramBins)}`;
}

/** Puts what `distributionSql` counted into the columns' profiles. `isWhole`: no sample was taken. */
export function applyDistribution(
  page: RowPage,
  groupings: readonly Grouping[],
  wish: DistributionWish,
  isWhole: boolean,
): void {
  const last = groupings.length - 1;
  groupings.forEach(({ statistics: { profile, range }, kind }, at) => {
    // GROUPING_ID has a bit for each column, the first the highest: 0 where the row is grouped by it.
    const which = (1n << BigInt(groupings.length)) - 1n - (1n << BigInt(last - at));
    const rows = page.rows.filter((row) => BigInt(String(row[0])) === which);
    const groups = rows.map((row) => ({ value: row[at + 1], count: Number(row[groupings.length + 1]) }));
    if (kind === "top") {
      profile.top = groups
        .slice(0, wish.topValues)
        .map(({ value, count }) => ({ value: shortened(value), count }));
      const exact = rows[0]?.[groupings.length + 2];
      if (isWhole && exact !== undefined) profile.distinct = { count: Number(exact), exactness: "exact" };
    } else if (range) profile.histogram = histogram(groups, profile, range, wish.histogramBins);
  });
}

function shortened(value: unknown): unknown {
  return typeof value === "string" && value.length > maxShownChars
    ? `${value.slice(0, maxShownChars)}…`
    : value;
}

/** Every bin from `from` up to, and without, `to`; the last one with it. Times in ISO 8601, UTC. */
function histogram(
  groups: readonly { value: unknown; count: number }[],
  { type }: ColumnProfile,
  { low, high }: { low: number; high: number },
  bins: number,
): NonNullable<ColumnProfile["histogram"]> {
  const counts = new Map(groups.map(({ value, count }) => [Number(value), count]));
  const edge = (at: number) => (at === bins ? high : low + ((high - low) / bins) * at);
  const shown = (value: number) => (kindOf(type) === "instant" ? new Date(value).toISOString() : value);
  return Array.from({ length: bins }, (_, at) => ({
    from: shown(edge(at)),
    to: shown(edge(at + 1)),
    count: counts.get(at) ?? 0,
  }));
}
