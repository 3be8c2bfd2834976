import type { ColumnProfile } from "../lake.ts";
import type { RowPage } from "../sql/engine.ts";
import type { Source } from "./ask.ts";
import { kindOf, quoteIdentifier } from "./column-kind.ts";
import { inPasses } from "./in-passes.ts";
import { type ColumnStatistics, maxShownChars } from "./statistics.ts";

/** Columns with more distinct values get no top values: counting them would hold them all in memory. */
export const maxCountedDistinct = 50_000;
/** Memory of a grouping that is counted in hash tables: 3 MB of empty ones and more, and its values. */
const bytesPerGrouping = 8 << 20;
const bytesPerValue = 256;
/** Up to about so many values, of so many rows, are counted in a sorted list, which is then quicker than hash tables are made. */
const maxListed = 1_000;
const maxListedRows = 200_000;
/** A statement of more takes long to plan. */
const maxGroupings = 60;

/** One grouping: the values of a column, or the bins of its histogram. */
export interface Grouping {
  statistics: ColumnStatistics;
  kind: "top" | "bins";
  expression: string;
  /** In a sorted list, and not in hash tables. */
  isListed: boolean;
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
      const distinct = statistics.profile.distinct?.count ?? 0;
      // Lists tell what GROUP BY takes for one value, as 0 and −0, apart.
      const isFew = distinct <= maxListed && statistics.nonNulls <= maxListedRows;
      const isListed = isFew && kindOf(statistics.profile.type) !== "float";
      const memoryBytes = (isListed ? 0 : bytesPerGrouping) + distinct * bytesPerValue;
      groupings.push({ statistics, kind: "top", expression: column, isListed, memoryBytes });
    }
    const bin = wish.histogramBins > 0 ? binExpression(column, statistics, wish.histogramBins) : undefined;
    if (bin !== undefined) {
      const memoryBytes = wish.histogramBins * bytesPerValue;
      groupings.push({ statistics, kind: "bins", expression: bin, isListed: true, memoryBytes });
    }
    return groupings;
  });
}

/** The groupings in parts of which each can be counted in `memoryBytes`. */
export function passesOf(
  groupings: readonly Grouping[],
  look: Source["look"],
  memoryBytes: number,
): Grouping[][] {
  const passes = inPasses(groupings, memoryBytes, maxGroupings);
  return look === "parses" ? passes.map((pass) => inOneScan(pass, memoryBytes)) : passes;
}

/** Nothing is listed beside what is hashed, where there is memory to hash all. */
function inOneScan(pass: Grouping[], memoryBytes: number): Grouping[] {
  const needed = pass.map((one) => one.memoryBytes + (one.isListed ? bytesPerGrouping : 0));
  const fits = needed.reduce((sum, bytes) => sum + bytes, 0) <= memoryBytes;
  if (!fits || pass.every(({ isListed }) => isListed)) return pass;
  return pass.map((one, at) => ({ ...one, isListed: false, memoryBytes: needed[at] ?? one.memoryBytes }));
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
  const isIn = kind === "float" || kind === "instant" ? `isfinite(${column})` : `${column} IS NOT NULL`;
  return `CASE WHEN ${isIn} THEN ${inside} END`;
}

/**
 * One SELECT that counts all groupings over a source, and gives the largest groups of each: in one pass over those that are
 * listed, and one over the others.
 */
export function distributionSql(
  groupings: readonly Grouping[],
  source: Pick<Source, "from" | "look">,
  wish: DistributionWish,
): string {
  const named = groupings.map((grouping, at) => ({ ...grouping, at, name: `g${at}` }));
  const listed = named.filter(({ isListed }) => isListed);
  const others = named.filter(({ isListed }) => !isListed);
  const isDrawnOnce = source.look === "draws" && listed.length > 0 && others.length > 0;
  const from = isDrawnOnce ? "drawn" : source.from;
  const counted = [...listed.map(listedSql), ...(others.length > 0 ? [hashedSql(others, from)] : [])];
  const tables = [
    ...(isDrawnOnce ? [drawnSql(groupings, source.from)] : []),
    ...(listed.length > 0 ? [listsSql(listed, from)] : []),
    `counted AS (\n  ${counted.join("\n  UNION ALL BY NAME ")}\n)`,
  ];
  const shown = named.map(({ kind, statistics, name }) =>
    kind === "top" && kindOf(statistics.profile.type) === "text"
      ? `left(CAST(${name} AS VARCHAR), ${maxShownChars + 1}) AS ${name}`
      : name,
  );
  const anyValue = `coalesce(${named.map(({ name }) => `CAST(${name} AS VARCHAR)`).join(", ")})`;
  return `WITH ${tables.join(",\n")}
SELECT which, ${shown.join(", ")}, n, count(*) OVER (PARTITION BY which) AS groups
FROM counted WHERE ${anyValue} IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY which ORDER BY n DESC, ${anyValue}) <= ${Math.max(wish.topValues, wish.histogramBins)}`;
}

type NamedGrouping = Grouping & { at: number; name: string };

/** The rows that both passes are to look at. */
function drawnSql(groupings: readonly Grouping[], from: string): string {
  const columns = new Set(groupings.map(({ statistics }) => quoteIdentifier(statistics.profile.name)));
  return `drawn AS MATERIALIZED (SELECT ${[...columns].join(", ")} FROM ${from})`;
}

function listsSql(listed: readonly NamedGrouping[], from: string): string {
  const lists = listed.map(({ expression, name }) => `histogram(${expression}) AS ${name}`);
  return `lists AS MATERIALIZED (SELECT ${lists.join(", ")} FROM ${from})`;
}

function listedSql({ at, name }: NamedGrouping): string {
  return `SELECT ${at} AS which, unnest(map_keys(${name})) AS ${name}, unnest(map_values(${name})) AS n FROM lists`;
}

function hashedSql(others: readonly NamedGrouping[], from: string): string {
  const which = others.map(({ at, name }) => `WHEN grouping(${name}) = 0 THEN ${at}`).join(" ");
  const columns = others.map(({ name }) => name).join(", ");
  const sets = others.map(({ name }) => `(${name})`).join(", ");
  const values = others.map(({ expression, name }) => `${expression} AS ${name}`).join(", ");
  return `SELECT CASE ${which} END AS which, ${columns}, count(*) AS n FROM (SELECT ${values} FROM ${from}) GROUP BY GROUPING SETS (${sets})`;
}

/** Puts what `distributionSql` counted into the columns' profiles. `isWhole`: no sample was taken. */
export function applyDistribution(
  page: RowPage,
  groupings: readonly Grouping[],
  wish: DistributionWish,
  isWhole: boolean,
): void {
  groupings.forEach(({ statistics: { profile, range }, kind }, at) => {
    const rows = page.rows.filter(([which]) => Number(which) === at);
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
