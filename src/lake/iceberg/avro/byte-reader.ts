import { AvroFault } from "./avro-fault.ts";

/** Bytes of a length that no file has. */
const maxLength = 2 ** 31;

/** Reads Avro's plain values one after the other. Throws `AvroFault` past the end. Source: Avro 1.12, "Binary Encoding". */
export class ByteReader {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw cutShort();
    return byte;
  }

  take(length: number): Buffer {
    if (length < 0 || length > this.left) throw cutShort();
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }

  /** A zig-zag number of up to 64 bits. */
  long(): bigint {
    const start = this.at;
    const small = this.small();
    if (small !== undefined) return BigInt(small);
    this.at = start;
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new AvroFault("it has a number of more than 64 bits");
  }

  /** A number that counts, measures or numbers something: small ones without a BigInt. */
  int(): number {
    const small = this.small();
    if (small === undefined) throw new AvroFault("it has a number that is too large for what it tells");
    return small;
  }

  /** Of at most seven bytes. */
  private small(): number | undefined {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 7; index++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return undefined;
  }

  length(): number {
    const length = this.int();
    if (length < 0 || length > maxLength) throw new AvroFault(`it has a value of ${length} bytes`);
    return length;
  }
}

function cutShort(): AvroFault {
  return new AvroFault("it ends too early");
}
