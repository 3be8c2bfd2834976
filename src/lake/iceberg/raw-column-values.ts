import type { AvroType } from "./avro/avro-schema.ts";
import { ByteReader } from "./avro/byte-reader.ts";
import { type AvroValue, readValue, skipValue } from "./avro/read-value.ts";

/**
 * Values by columns' numbers as a manifest has them, read when they are asked for: most files are never asked, and of
 * wide tables these are nearly all of a manifest.
 */
export class RawColumnValues {
  private readonly bytes: Buffer;
  private readonly type: AvroType;

  private constructor(bytes: Buffer, type: AvroType) {
    this.bytes = bytes;
    this.type = type;
  }

  /** Goes past them. Throws `AvroFault`. */
  static read(reader: ByteReader, type: AvroType): RawColumnValues {
    const start = reader.at;
    skipValue(reader, type);
    // A copy: what is kept of a block must not keep all of it.
    return new RawColumnValues(Buffer.from(reader.bytes.subarray(start, reader.at)), type);
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  /** Throws `AvroFault`. */
  entries(): Map<number, AvroValue> {
    const found = readValue(new ByteReader(this.bytes), this.type);
    const values = new Map<number, AvroValue>();
    for (const item of Array.isArray(found) ? found : []) {
      if (item === null || typeof item !== "object" || Array.isArray(item)) continue;
      if (Buffer.isBuffer(item) || item instanceof Map) continue;
      const { key, value } = item;
      if (typeof key === "number" && value !== undefined) values.set(key, value);
    }
    return values;
  }
}
