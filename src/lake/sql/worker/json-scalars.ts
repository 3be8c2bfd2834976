import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  type DuckDBValue,
} from "@duckdb/node-api";
import { exactJson } from "./exact-json.ts";

/** The JSON value of one of the binding's values. `type` tells apart what looks alike in JavaScript. */
export function valueJson(value: DuckDBValue | undefined, type?: DuckDBType): unknown {
  if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
  if (typeof value === "string") return type?.alias === "JSON" ? exactJson(value) : value;
  if (typeof value === "number") return numberJson(value, type);
  if (typeof value === "bigint") return integerJson(value);
  return timeJson(value) ?? nestedJson(value, type) ?? value.toString();
}

/** A number where a double holds it exactly, else its digits. */
function integerJson(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function numberJson(value: number, type: DuckDBType | undefined): number | string {
  if (!Number.isFinite(value)) return String(value);
  return type?.typeId === DuckDBTypeId.FLOAT ? shortestFloat(value) : value;
}

/** The shortest decimal that is the same 32-bit float: 0.1, not 0.10000000149011612. */
function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function timeJson(value: object): string | undefined {
  if (value instanceof DuckDBTimestampTZValue) {
    const text = new DuckDBTimestampValue(value.micros).toString();
    return value.isFinite ? `${isoTime(text)}Z` : text;
  }
  if (value instanceof DuckDBTimestampNanosecondsValue) return nanosecondsJson(value);
  if (
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampMillisecondsValue ||
    value instanceof DuckDBTimestampSecondsValue
  ) {
    return value.isFinite ? isoTime(value.toString()) : infinity(momentOf(value));
  }
  if (value instanceof DuckDBDateValue && !value.isFinite) return value.days > 0 ? "infinity" : "-infinity";
  return undefined;
}

/** The binding itself writes those of seconds and milliseconds as times in the far future. */
function infinity(moment: bigint): string {
  return moment > 0n ? "infinity" : "-infinity";
}

function momentOf(
  value: DuckDBTimestampValue | DuckDBTimestampMillisecondsValue | DuckDBTimestampSecondsValue,
): bigint {
  if (value instanceof DuckDBTimestampSecondsValue) return value.seconds;
  return value instanceof DuckDBTimestampMillisecondsValue ? value.millis : value.micros;
}

function nanosecondsJson(value: DuckDBTimestampNanosecondsValue): string {
  if (!value.isFinite) return infinity(value.nanos);
  const [whole = "", fraction = ""] = value.toString().split(".");
  return `${isoTime(whole)}.${fraction.padEnd(9, "0")}`;
}

/** `2024-05-01 10:00:00` with the T of ISO 8601. Years before Christ keep the engine's own spelling. */
function isoTime(text: string): string {
  return text.replace(/^(\d+-\d\d-\d\d) (?=\d)/, "$1T");
}

function nestedJson(value: object, type: DuckDBType | undefined): unknown {
  if (value instanceof DuckDBBlobValue) return blobJson(value.bytes);
  if (value instanceof DuckDBArrayValue || value instanceof DuckDBListValue) {
    const itemType =
      type instanceof DuckDBArrayType || type instanceof DuckDBListType ? type.valueType : undefined;
    return value.items.map((item) => valueJson(item, itemType));
  }
  if (value instanceof DuckDBMapValue) {
    const { keyType, valueType } = type instanceof DuckDBMapType ? type : {};
    return value.entries.map((entry) => ({
      key: valueJson(entry.key, keyType),
      value: valueJson(entry.value, valueType),
    }));
  }
  if (value instanceof DuckDBStructValue) return structJson(value, type);
  if (value instanceof DuckDBUnionValue) {
    return valueJson(
      value.value,
      type instanceof DuckDBUnionType ? type.memberTypeForTag(value.tag) : undefined,
    );
  }
  return undefined;
}

function structJson({ entries }: DuckDBStructValue, type: DuckDBType | undefined): unknown {
  const typeOf = (name: string) => (type instanceof DuckDBStructType ? type.typeForEntry(name) : undefined);
  return Object.fromEntries(
    Object.entries(entries).map(([name, item]) => [name, valueJson(item, typeOf(name))]),
  );
}

function blobJson(bytes: Uint8Array): { base64: string; sizeBytes: number } {
  return { base64: Buffer.from(bytes).toString("base64"), sizeBytes: bytes.length };
}
