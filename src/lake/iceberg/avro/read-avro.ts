import { crc32, inflateRawSync } from "node:zlib";
import { snappyUncompress } from "hyparquet";
import { ZstdDecoder } from "../../formats/zstd.ts";
import { AvroFault, UnknownCodec } from "./avro-fault.ts";
import { type AvroType, parseAvroSchema } from "./avro-schema.ts";
import { ByteReader } from "./byte-reader.ts";
import { readValue } from "./read-value.ts";

/** An Avro file: the type its values were written with, what its writer said of it, and the values, read as they are asked for. */
export interface AvroFile<T> {
  metadata: Map<string, Buffer>;
  values: Iterable<T>;
}

/** Reads one value of the type. */
export type ReadItem<T> = (reader: ByteReader, type: AvroType) => T;

const syncBytes = 16;
const checksumBytes = 4;
/** What a block may become in memory. */
const maxBlockBytes = 256 << 20;
/** Of a file's values together: those without bytes could be claimed in any number. */
const maxValues = 5_000_000;

/** Throws `AvroFault` for a file that is none or is cut short, `UnknownCodec` as values are read. Source: Avro 1.12, "Object Container Files". */
export function readAvro<T>(bytes: Buffer, readItem: ReadItem<T>): AvroFile<T> {
  const reader = new ByteReader(bytes);
  if (reader.left < 4 || reader.take(4).toString("latin1") !== "Obj\x01")
    throw new AvroFault("it does not begin as an Avro file does");
  const found = readValue(reader, { kind: "map", values: { kind: "bytes" } });
  const metadata = new Map<string, Buffer>();
  if (found instanceof Map)
    for (const [key, value] of found) if (Buffer.isBuffer(value)) metadata.set(key, value);
  const schema = parseAvroSchema(metadata.get("avro.schema")?.toString("utf8") ?? "");
  const codec = metadata.get("avro.codec")?.toString("latin1") ?? "null";
  const sync = reader.take(syncBytes);
  return { metadata, values: valuesOf(reader, { schema, codec, sync }, readItem) };
}

interface Header {
  schema: AvroType;
  codec: string;
  sync: Buffer;
}

function* valuesOf<T>(
  reader: ByteReader,
  { schema, codec, sync }: Header,
  readItem: ReadItem<T>,
): Generator<T> {
  let total = 0;
  while (reader.left > 0) {
    const count = reader.int();
    const stored = reader.take(reader.length());
    total += Math.max(0, count);
    if (count < 0 || total > maxValues) throw new AvroFault(`it claims ${total} values`);
    const block = new ByteReader(uncompressed(stored, codec));
    for (let index = 0; index < count; index++) yield readItem(block, schema);
    if (block.left > 0) throw new AvroFault("a block of it has more bytes than values");
    if (!reader.take(syncBytes).equals(sync)) throw new AvroFault("a block of it does not end as it should");
  }
}

function uncompressed(stored: Buffer, codec: string): Buffer {
  if (codec === "null") return stored;
  try {
    if (codec === "deflate") return inflateRawSync(stored, { maxOutputLength: maxBlockBytes });
    if (codec === "snappy") return unsnapped(stored);
    if (codec === "zstandard") return unzstd(stored);
  } catch (thrown) {
    if (thrown instanceof AvroFault) throw thrown;
    throw new AvroFault("a block of it cannot be decompressed");
  }
  throw new UnknownCodec(codec.slice(0, 50));
}

/** The checksum of the values stands behind them. Source: Avro 1.12, "snappy". */
function unsnapped(stored: Buffer): Buffer {
  if (stored.length < checksumBytes) throw new AvroFault("a block of it has no checksum");
  const packed = stored.subarray(0, -checksumBytes);
  const reader = new ByteReader(packed);
  let sizeBytes = 0;
  let scale = 1;
  for (let byte = 0x80; byte >= 0x80; scale *= 128) {
    byte = reader.byte();
    sizeBytes += (byte & 0x7f) * scale;
    if (sizeBytes > maxBlockBytes) throw new AvroFault("a block of it is too large");
  }
  const output = new Uint8Array(sizeBytes);
  snappyUncompress(packed, output);
  if (crc32(output) !== stored.readUInt32BE(packed.length))
    throw new AvroFault("the checksum of a block does not match");
  return Buffer.from(output.buffer);
}

function unzstd(stored: Buffer): Buffer {
  const decoder = new ZstdDecoder();
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const part of decoder.push(stored)) {
    sizeBytes += part.length;
    if (sizeBytes > maxBlockBytes) throw new AvroFault("a block of it is too large");
    parts.push(part);
  }
  decoder.end();
  return Buffer.concat(parts);
}
