import { bytesText } from "../tables/bytes-text.ts";
import type { AvroValue } from "./avro/read-value.ts";

const microsPerSecond = 1_000_000n;
const msPerDay = 86_400_000;

/**
 * A bound of a column as statistics have it; undefined for types whose bounds are not looked at. Bytes may be of the
 * narrower type the column had. Source: Iceberg table specification, "Appendix D: Single-value serialization".
 */
export function boundOf(sql: string, bytes: Buffer): string | number | undefined {
  const isWide = bytes.length === 8;
  if (!isWide && bytes.length !== 4 && !/^(VARCHAR|DECIMAL)/.test(sql)) return undefined;
  switch (sql) {
    case "INTEGER":
    case "BIGINT":
      return isWide ? Number(bytes.readBigInt64LE()) : bytes.readInt32LE();
    case "FLOAT":
    case "DOUBLE":
      return isWide ? bytes.readDoubleLE() : bytes.readFloatLE();
    case "DATE":
      return isWide ? undefined : dateText(bytes.readInt32LE());
    case "TIMESTAMP":
    case "TIMESTAMP WITH TIME ZONE":
      return isWide ? timeText(Number(bytes.readBigInt64LE() / 1000n)) : undefined;
    case "VARCHAR":
      return bytes.toString("utf8");
    default:
      return sql.startsWith("DECIMAL") ? Number(unscaled(bytes)) / 10 ** scaleOf(sql) : undefined;
  }
}

/** A partition's value as text that the engine casts to the column's type. Throws `RangeError` for what is none of it. */
export function partitionText(sql: string, value: AvroValue | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return textOfBytes(sql, value);
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  if (typeof value !== "number" && typeof value !== "bigint")
    throw new RangeError("a partition value is none");
  if (sql === "DATE") return dateText(Number(value)) ?? outOfRange();
  if (sql.startsWith("TIMESTAMP")) return timestampText(BigInt(value));
  return sql === "TIME" ? timestampText(BigInt(value)).slice(11, 26) : String(value);
}

function textOfBytes(sql: string, value: Buffer): string {
  if (sql.startsWith("DECIMAL")) return decimalText(unscaled(value), scaleOf(sql));
  if (sql !== "UUID") return bytesText(value);
  return value.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function dateText(days: number): string | undefined {
  return timeText(days * msPerDay)?.slice(0, 10);
}

/** Undefined for years that are not of four digits. */
function timeText(ms: number): string | undefined {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  return year >= 0 && year <= 9999 ? date.toISOString() : undefined;
}

function timestampText(micros: bigint): string {
  const fraction = ((micros % microsPerSecond) + microsPerSecond) % microsPerSecond;
  const seconds = timeText(Number((micros - fraction) / 1000n)) ?? outOfRange();
  return `${seconds.slice(0, 19)}.${String(fraction).padStart(6, "0")}Z`;
}

function outOfRange(): never {
  throw new RangeError("a partition value is of a year that is not read");
}

/** Two's complement, the highest byte first. */
function unscaled(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
}

function scaleOf(sql: string): number {
  return Number(/,(\d+)\)$/.exec(sql)?.[1] ?? 0);
}

function decimalText(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const whole = digits.slice(0, digits.length - scale);
  const sign = value < 0n ? "-" : "";
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-scale)}`;
}
