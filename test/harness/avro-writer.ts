import { randomBytes } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";
import avro from "avsc";
import { zstdOf } from "./parquet.ts";

export type AvroSchema = avro.Schema;

export interface AvroOptions {
  codec?: "null" | "deflate" | "snappy" | "zstandard";
  /** Of the file's head, in place of the schema it was written by. */
  schemaText?: string;
  /** Values a block says it has, in place of those it has. */
  claimedCount?: number;
  metadata?: Record<string, string>;
  valuesPerBlock?: number;
}

const header = avro.Type.forSchema({ type: "map", values: "bytes" });
const long = avro.Type.forSchema("long");

/** An Avro file of values, each written by avsc; the container is put together here, so that it can be wrong. */
export async function avroFile(
  schema: AvroSchema,
  values: readonly unknown[],
  options: AvroOptions = {},
): Promise<Buffer> {
  const { codec = "deflate", schemaText = JSON.stringify(schema), metadata = {} } = options;
  const type = avro.Type.forSchema(schema);
  const sync = randomBytes(16);
  const texts = { "avro.schema": schemaText, "avro.codec": codec, ...metadata };
  const head = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
  const parts = [Buffer.from("Obj\x01", "latin1"), header.toBuffer(head), sync];
  const { valuesPerBlock = 1_000 } = options;
  for (let start = 0; start < values.length; start += valuesPerBlock) {
    const own = values.slice(start, start + valuesPerBlock);
    const stored = await compressed(Buffer.concat(own.map((value) => type.toBuffer(value))), codec);
    parts.push(long.toBuffer(options.claimedCount ?? own.length), long.toBuffer(stored.length), stored, sync);
  }
  return Buffer.concat(parts);
}

async function compressed(plain: Buffer, codec: AvroOptions["codec"]): Promise<Buffer> {
  if (codec === "zstandard") return zstdOf(plain);
  if (codec === "deflate") return deflateRawSync(plain);
  return codec === "snappy" ? literalSnappy(plain) : plain;
}

/** Snappy's format of one literal after the other, and the checksum of the values. */
function literalSnappy(plain: Buffer): Buffer {
  const parts: Buffer[] = [varint(plain.length)];
  for (let at = 0; at < plain.length; at += 60) {
    const piece = plain.subarray(at, at + 60);
    parts.push(Buffer.from([(piece.length - 1) << 2]), piece);
  }
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(plain));
  return Buffer.concat([...parts, checksum]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 0x80);
  }
}
