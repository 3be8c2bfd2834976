import type { FileMetaData } from "hyparquet";
import type { ParquetColumn } from "./parquet-types.ts";

/** What a file's row groups say of a column. Absent: not said, or not said exactly. */
export interface ColumnStatistics {
  nulls?: number;
  /** A number, boolean or text; whole numbers past 2⁵³, decimals, dates (`2024-01-31`) and times as text. */
  min?: number | string | boolean;
  max?: number | string | boolean;
}

/** A bound as it stands in the footer: bytes for strings, counts for times. */
type Bound = number | bigint | boolean | Uint8Array;

/** Has the library leave bounds as they are stored, since dates and decoded strings would lose digits. */
export const rawBounds = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (days: number) => days,
  stringFromBytes: (bytes: Uint8Array) => bytes,
};

/** Longer strings may have been shortened by the writer without a word. */
const maxTextBytes = 63;

/** Sums up the row groups' statistics of a column that is not nested. */
export function statisticsOf(metadata: FileMetaData, column: ParquetColumn): ColumnStatistics {
  const { leaf } = column;
  if (leaf === undefined) return {};
  const groups = metadata.row_groups.filter((group) => group.num_rows > 0n);
  const all = groups.map((group) => group.columns[leaf]?.meta_data?.statistics);
  const nullCounts = all.map((statistics) => statistics?.null_count);
  const isNullCounted = nullCounts.every((count) => count !== undefined && count >= 0n);
  const nulls = isNullCounted
    ? { nulls: nullCounts.reduce<number>((sum, count) => sum + Number(count), 0) }
    : {};
  // A group of nulls alone has no bounds and takes nothing from those of the others.
  const bounded = all.filter(
    (_, index) => nullCounts[index] === undefined || nullCounts[index] !== groups[index]?.num_rows,
  );
  const mins = bounded.map((one) =>
    one?.is_min_value_exact === false ? undefined : (one?.min_value ?? one?.min),
  );
  const maxs = bounded.map((one) =>
    one?.is_max_value_exact === false ? undefined : (one?.max_value ?? one?.max),
  );
  const isOld = bounded.some((one) => one?.min_value === undefined);
  const unit = unitOf(metadata, leaf);
  const min =
    isOld && !ordersAlike.test(column.type) ? undefined : shown(extreme(mins, -1), column.type, unit);
  const max =
    isOld && !ordersAlike.test(column.type) ? undefined : shown(extreme(maxs, 1), column.type, unit);
  return { ...nulls, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

/** Types whose order old writers, who compared everything as signed, had right (the fields `min` and `max`). */
const ordersAlike = /^(TINYINT|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|DATE|TIMESTAMP.*|BOOLEAN|DECIMAL\(.*)$/;

/** The least (-1) or greatest (1) bound; `undefined` where one is missing or is no number. */
function extreme(bounds: unknown[], direction: -1 | 1): Bound | undefined {
  let best: Bound | undefined;
  for (const bound of bounds) {
    if (!isBound(bound)) return undefined;
    if (best === undefined || Math.sign(compare(bound, best)) === direction) best = bound;
  }
  return best;
}

function isBound(value: unknown): value is Bound {
  if (typeof value === "number") return !Number.isNaN(value);
  return typeof value === "bigint" || typeof value === "boolean" || value instanceof Uint8Array;
}

function compare(left: Bound, right: Bound): number {
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

function unitOf({ schema }: FileMetaData, leaf: number): "MILLIS" | "MICROS" | "NANOS" {
  const element = schema.filter(({ type }) => type !== undefined)[leaf];
  if (element?.logical_type?.type === "TIMESTAMP") return element.logical_type.unit;
  return element?.converted_type === "TIMESTAMP_MILLIS" ? "MILLIS" : "MICROS";
}

function shown(
  bound: Bound | undefined,
  type: string,
  unit: "MILLIS" | "MICROS" | "NANOS",
): number | string | boolean | undefined {
  if (bound instanceof Uint8Array) {
    return type === "VARCHAR" && bound.length <= maxTextBytes
      ? Buffer.from(bound).toString("utf8")
      : undefined;
  }
  if (bound === undefined || typeof bound === "boolean") return bound;
  if (/^U?(TINYINT|SMALLINT|INTEGER|BIGINT)$/.test(type)) return wholeNumber(bound);
  if ((type === "FLOAT" || type === "DOUBLE") && typeof bound === "number")
    return Number.isFinite(bound) ? bound : undefined;
  if (type === "DATE") return dayText(Number(bound));
  if (type.startsWith("TIMESTAMP") && typeof bound === "bigint") return timeText(bound, unit, type);
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  // The library gives decimals as doubles, which are exact again when cut to their places, up to 15 digits.
  return decimal && typeof bound === "number" && Number(decimal[1]) <= 15
    ? bound.toFixed(Number(decimal[2]))
    : undefined;
}

function wholeNumber(value: number | bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function dayText(days: number): string | undefined {
  const date = new Date(days * 86_400_000);
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999
    ? undefined
    : date.toISOString().slice(0, 10);
}

/** As DuckDB prints timestamps: no more places than needed, and `+00` for those with a zone. */
function timeText(count: bigint, unit: "MILLIS" | "MICROS" | "NANOS", type: string): string | undefined {
  const perSecond = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n }[unit];
  const fraction = ((count % perSecond) + perSecond) % perSecond;
  const date = new Date(Number((count - fraction) / perSecond) * 1000);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 1 || date.getUTCFullYear() > 9999)
    return undefined;
  const places = String(fraction)
    .padStart(String(perSecond).length - 1, "0")
    .replace(/(?<!0)0+$/, "");
  const seconds = date.toISOString().slice(0, 19).replace("T", " ");
  return `${seconds}${places === "" ? "" : `.${places}`}${type.endsWith("TIME ZONE") ? "+00" : ""}`;
}
