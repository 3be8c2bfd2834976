import { crc32 } from "node:zlib";

/** How the rows of one bitmap are written; rows must be rising and below 2³² × 2. */
export type ContainerForm = "array" | "bits" | "runs";

/** A deletion vector's bitmap array of these rows, with every container in the given form. */
export function bitmapOf(rows: readonly number[], form: ContainerForm = "array"): Buffer {
  const byHigh = groupBy(rows, (row) => Math.floor(row / 2 ** 32));
  const head = Buffer.alloc(12);
  head.writeUInt32LE(1_681_511_377, 0);
  head.writeBigUInt64LE(BigInt(byHigh.size), 4);
  const bitmaps = [...byHigh].flatMap(([high, own]) => [uint32(high), bitmap32(own, form)]);
  return Buffer.concat([head, ...bitmaps]);
}

function bitmap32(rows: readonly number[], form: ContainerForm): Buffer {
  const byKey = [...groupBy(rows, (row) => Math.floor((row % 2 ** 32) / 65_536))];
  const heads = byKey.map(([key, own]) => Buffer.concat([uint16(key), uint16(own.length - 1)]));
  const bodies = byKey.map(([, own]) =>
    container(
      own.map((row) => row % 65_536),
      form,
    ),
  );
  if (form === "runs") {
    const flags = Buffer.alloc(Math.ceil(byKey.length / 8), 0xff);
    const offsets = byKey.length >= 4 ? [Buffer.alloc(4 * byKey.length)] : [];
    return Buffer.concat([
      uint32(((byKey.length - 1) << 16) | 12_347),
      flags,
      ...heads,
      ...offsets,
      ...bodies,
    ]);
  }
  return Buffer.concat([
    uint32(12_346),
    uint32(byKey.length),
    ...heads,
    Buffer.alloc(4 * byKey.length),
    ...bodies,
  ]);
}

function container(values: readonly number[], form: ContainerForm): Buffer {
  if (form === "array") return Buffer.concat(values.map(uint16));
  if (form === "bits") {
    const bits = Buffer.alloc(8_192);
    for (const value of values) bits[value >> 3] = (bits[value >> 3] ?? 0) | (1 << (value & 7));
    return bits;
  }
  const runs: [number, number][] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last && value === last[1] + 1) last[1] = value;
    else runs.push([value, value]);
  }
  return Buffer.concat([
    uint16(runs.length),
    ...runs.map(([first, last]) => Buffer.concat([uint16(first), uint16(last - first)])),
  ]);
}

/** A file of deletion vectors with one in it, which begins at offset 1. */
export function vectorFile(bitmap: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bitmap.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bitmap));
  return Buffer.concat([Buffer.from([1]), size, bitmap, sum]);
}

const alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Text in Z85; the bytes are filled up with zeros to a multiple of four. */
export function encodeZ85(bytes: Buffer): string {
  const whole = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  let text = "";
  for (let at = 0; at < whole.length; at += 4) {
    let value = whole.readUInt32BE(at);
    let part = "";
    for (let digit = 0; digit < 5; digit++) {
      part = (alphabet[value % 85] ?? "") + part;
      value = Math.floor(value / 85);
    }
    text += part;
  }
  return text;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function groupBy(rows: readonly number[], keyOf: (row: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return groups;
}
