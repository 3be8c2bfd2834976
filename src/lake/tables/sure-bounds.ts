import type { ValueKind } from "../sql/gate/bound-conditions.ts";

/** What the log says of one column in one file. Values as JSON has them: dates and times as text in ISO 8601. */
export interface ColumnBounds {
  /** Not greater than any value but for the rounding of numbers: long texts are cut, times are rounded down to milliseconds. */
  min?: string | number | boolean;
  /** Not less than any value but for the rounding of numbers, and the last millisecond of times. */
  max?: string | number | boolean;
  nullCount?: number;
}

/** What is sure of a column in one file, as texts that the engine casts to its type; null where nothing is. */
export interface SureBounds {
  least: string | null;
  /** Of floating numbers NaN may be greater. */
  greatest: string | null;
  /** Some row that counts may have a value, or none. */
  hasValues: boolean;
  hasNulls: boolean;
}

/** How values of a type are put in order; undefined for those whose bounds are not looked at. */
export function kindOfType(type: string): ValueKind | undefined {
  if (/^(TINYINT|SMALLINT|INTEGER|BIGINT|DECIMAL\(.*\))$/.test(type)) return "exact";
  if (type === "FLOAT" || type === "DOUBLE") return "floating";
  if (type === "VARCHAR") return "text";
  return /^(DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE)$/.test(type) ? "time" : undefined;
}

/**
 * Bounds of a column of the table's type, moved apart as far as writers round them, lest a row within were taken for one
 * without. Counts of nulls say something only where none or all are; rows a deletion vector leaves out are among them.
 * Source: Delta protocol, "Per-file Statistics".
 */
export function sureBounds(
  type: string,
  { min, max, nullCount }: ColumnBounds = {},
  rowCount: number | undefined,
): SureBounds {
  return {
    least: boundText(type, min, -1),
    greatest: boundText(type, max, 1),
    hasValues: nullCount === undefined || rowCount === undefined || nullCount < rowCount,
    hasNulls: nullCount !== 0,
  };
}

/** `side`: -1 of the least value, 1 of the greatest. */
type Side = -1 | 1;
type Bound = ColumnBounds["min"];

function boundText(type: string, value: Bound, side: Side): string | null {
  switch (kindOfType(type)) {
    case "exact":
      return typeof value === "number" ? exactBound(type, value, side) : null;
    case "floating":
      return typeof value === "number" ? floatingBound(value, side) : null;
    case "text":
      return typeof value === "string" ? textBound(value, side) : null;
    case "time":
      return typeof value === "string" ? timeBound(type, value, side) : null;
    default:
      return null;
  }
}

/** JSON's numbers have 53 bits here, of which large integers and decimals have more: one with a point may look whole. */
function exactBound(type: string, value: number, side: Side): string {
  const isWhole = !type.startsWith("DECIMAL") || type.endsWith(",0)");
  return isWhole && Number.isSafeInteger(value)
    ? String(value)
    : String(value + side * Math.abs(value) * 1e-15);
}

/** Single precision is written as short as tells it, which as double precision is another number. */
function floatingBound(value: number, side: Side): string | null {
  return Number.isFinite(value) ? String(value + side * (Math.abs(value) * 1e-6 + 1e-37)) : null;
}

/** Longer texts may be cut, with a character behind the cut that is greater than all or most. */
const wholeChars = 32;
/** Halves of pairs, and what ends a text elsewhere. */
const notText = /[\p{Surrogate}\0]/u;
const cutMarks = /[\u007f\ufffd\u{10ffff}]/u;

function textBound(value: string, side: Side): string | null {
  if (notText.test(value)) return null;
  const [sure = ""] = value.split(cutMarks);
  if (side < 0) return sure;
  return sure === value && value.length < wholeChars ? value : behindAll([...sure].slice(0, wholeChars - 1));
}

/** The least text that is greater than all that begin with these characters. */
function behindAll(characters: readonly string[]): string | null {
  const last = characters.at(-1)?.codePointAt(0);
  if (last === undefined) return null;
  // Surrogates are no characters of their own.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return [...characters.slice(0, -1), String.fromCodePoint(next)].join("");
}

/** Before it, writers differ in calendars and in the zones' old times. */
const firstSureYear = 1900;

function timeBound(type: string, value: string, side: Side): string | null {
  if (!(Number(value.slice(0, 4)) >= firstSureYear)) return null;
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(value);
  if (type === "DATE") return isDate ? value : null;
  const [, date, time = "00:00:00", fraction = "", zone = ""] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(value) ?? [];
  const isUtc = /^(Z|[+-]00(:?00)?)$/.test(zone);
  // A column without zones has times of none, and one with zones of a zone that is told.
  const isSure = type === "TIMESTAMP" ? zone === "" || isUtc : zone !== "";
  if (date === undefined || !isSure) return null;
  const offset = isUtc || zone === "" ? "Z" : `${zone.replace(":", "")}00`.replace(/^(...)(..).*$/, "$1:$2");
  const ms = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${offset}`);
  if (Number.isNaN(ms)) return null;
  return new Date(ms + side * (fraction === "" ? 1_000 : 1)).toISOString();
}
