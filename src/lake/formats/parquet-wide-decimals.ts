import { parquetMetadata } from "hyparquet";
import { schemaBytes } from "./parquet-thrift.ts";
import { columnsOf } from "./parquet-types.ts";

/** Digits of the engine's widest decimals. Of wider ones it makes doubles, and wrong ones: 1.5 became 422212465065984. */
const maxDigits = 38;

const wideByte = (maxDigits + 1) * 2;

/** A schema alone as a whole footer: a version before it, and no rows and no row groups behind it. */
const before = Uint8Array.of(0x15, 0x02, 0x19);
const behind = Uint8Array.of(0x16, 0x00, 0x19, 0x0c, 0x00);

/**
 * Top-level columns that hold decimals of more than 38 digits, at any depth, by a footer's bytes. None where those are no
 * footer, which the engine tells.
 */
export function wideDecimals(footer: Uint8Array): string[] {
  const schema = schemaBytes(footer);
  if (!schema || !mayBeWide(schema)) return [];
  const length = new Uint8Array(4);
  const sizeBytes = before.length + schema.length + behind.length;
  new DataView(length.buffer).setUint32(0, sizeBytes, true);
  const whole = Buffer.concat([before, schema, behind, length, Buffer.from("PAR1")]);
  try {
    const metadata = parquetMetadata(new Uint8Array(whole).buffer, { geoparquet: false });
    const { columns } = columnsOf(metadata.schema, new Set());
    return columns.filter(({ type }) => hasWideDecimal(type)).map(({ name }) => name);
  } catch {
    return [];
  }
}

/** Whether a type, as the footer has it, is a decimal of more than 38 digits, or has one in it. */
export function hasWideDecimal(type: string): boolean {
  return [...type.matchAll(/\bDECIMAL\((\d+),/g)].some(([, digits]) => Number(digits) > maxDigits);
}

/**
 * Whether some 32-bit field is over 38, which few schemas have: only those are taken apart. Source: parquet.thrift,
 * `SchemaElement`, whose precision stands one or two fields behind the one before it.
 */
function mayBeWide(schema: Uint8Array): boolean {
  return schema.some((byte, at) => (byte === 0x15 || byte === 0x25) && (schema[at + 1] ?? 0) >= wideByte);
}
