/** What the bytes of a footer are not allowed to be; never leaves this folder. */
export class ThriftFault extends Error {}

/** Values a footer may hold; far more than 64 MiB of honest ones do, and few enough to fit in memory. */
const maxValues = 8_000_000;
const maxNesting = 24;

const types = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

/** Headers of fields: one more than the field before, and the type. */
const [firstInteger, nextList] = [0x15, 0x19];

/**
 * Walks a struct in Thrift's compact protocol without building anything, so that the library which builds it
 * takes no memory for claimed sizes. Throws `ThriftFault` for cut bytes, lists longer than the bytes that could hold
 * them, nesting no footer has, and more values than memory is for. Source: Thrift, "Thrift Compact protocol encoding".
 */
export function checkThriftStruct(bytes: Uint8Array): void {
  new ThriftWalk(bytes).struct(0);
}

/**
 * The bytes of a footer's list of columns: equal for files whose columns have the same names, types and nesting.
 * Undefined where the bytes are no footer. Source: parquet.thrift, `FileMetaData`.
 */
export function schemaBytes(footer: Uint8Array): Uint8Array | undefined {
  try {
    return new ThriftWalk(footer).secondField();
  } catch (thrown) {
    if (thrown instanceof ThriftFault) return undefined;
    throw thrown;
  }
}

class ThriftWalk {
  readonly #bytes: Uint8Array;
  #at = 0;
  #values = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(nesting: number): void {
    if (nesting > maxNesting) throw new ThriftFault("nested too deep");
    for (;;) {
      const header = this.#byte();
      const type = header & 0x0f;
      if (type === types.stop) return;
      if (header >> 4 === 0) this.#varint();
      if (type !== types.true && type !== types.false) this.#value(type, nesting);
    }
  }

  /** Of a struct that begins with the fields 1, an integer, and 2, a list. */
  secondField(): Uint8Array | undefined {
    if (this.#byte() !== firstInteger) return undefined;
    this.#varint();
    if (this.#byte() !== nextList) return undefined;
    const start = this.#at;
    this.#list(0);
    return this.#bytes.subarray(start, this.#at);
  }

  #value(type: number, nesting: number): void {
    this.#values += 1;
    if (this.#values > maxValues) throw new ThriftFault("too many values");
    if (type === types.struct) this.struct(nesting + 1);
    else if (type === types.list) this.#list(nesting);
    else if (type === types.binary) this.#skip(this.#varint());
    else if (type === types.double) this.#skip(8);
    else if (type > types.byte && type <= types.i64) this.#varint();
    else if (type <= types.byte) this.#skip(1);
    else throw new ThriftFault(`unknown type ${type}`);
  }

  #list(nesting: number): void {
    if (nesting > maxNesting) throw new ThriftFault("nested too deep");
    const header = this.#byte();
    const count = header >> 4 === 15 ? this.#varint() : header >> 4;
    // Every element takes a byte at least.
    if (count > this.#bytes.length - this.#at) throw new ThriftFault(`a list claims ${count} elements`);
    for (let index = 0; index < count; index += 1) this.#value(header & 0x0f, nesting + 1);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new ThriftFault("cut short");
    this.#at += 1;
    return byte;
  }

  /** As a number: exact for every length that could fit, and never negative. */
  #varint(): number {
    let value = 0;
    for (let count = 0; count < 10; count += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (byte < 0x80) return value;
    }
    throw new ThriftFault("a number that does not end");
  }

  #skip(sizeBytes: number): void {
    if (sizeBytes > this.#bytes.length - this.#at) throw new ThriftFault(`a value claims ${sizeBytes} bytes`);
    this.#at += sizeBytes;
  }
}
