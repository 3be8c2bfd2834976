/** A 64-bit number in two halves, changed in place: BigInt would make this some ten times slower. */
class Word {
  high: number;
  low: number;

  constructor(high: number, low: number) {
    this.high = high | 0;
    this.low = low | 0;
  }

  add(high: number, low: number): void {
    const sum = (this.low >>> 0) + (low >>> 0);
    this.high = (this.high + high + (sum > 0xffffffff ? 1 : 0)) | 0;
    this.low = sum | 0;
  }

  multiply({ high, low }: Word): void {
    const [a1, a0, b1, b0] = [this.low >>> 16, this.low & 0xffff, low >>> 16, low & 0xffff];
    const middle = a0 * b1 + a1 * b0 + ((a0 * b0) >>> 16);
    const carry = a1 * b1 + Math.floor(middle / 0x10000);
    this.high = (carry + Math.imul(this.high, low) + Math.imul(this.low, high)) | 0;
    this.low = Math.imul(this.low, low);
  }

  rotate(bits: number): void {
    const { high, low } = bits < 32 ? this : { high: this.low, low: this.high };
    const by = bits % 32;
    this.high = by === 0 ? high : (high << by) | (low >>> (32 - by));
    this.low = by === 0 ? low : (low << by) | (high >>> (32 - by));
  }

  /** Exclusive or with itself, moved right. */
  fold(bits: number): void {
    const [high, low] = [this.high, this.low];
    this.high ^= bits < 32 ? high >>> bits : 0;
    this.low ^= bits < 32 ? (low >>> bits) | (high << (32 - bits)) : high >>> (bits - 32);
  }
}

const prime1 = new Word(0x9e3779b1, 0x85ebca87);
const prime2 = new Word(0xc2b2ae3d, 0x27d4eb4f);
const prime3 = new Word(0x165667b1, 0x9e3779f9);
const prime4 = new Word(0x85ebca77, 0xc2b2ae63);
const prime5 = new Word(0x27d4eb2f, 0x165667c5);
const stripeBytes = 32;

/** XXH64 with seed 0, chunk by chunk: the checksum of zstd frames. Source: xxHash's specification, version 0.2.0. */
export class Xxh64 {
  readonly #lanes = [sumOf(prime1, prime2), sumOf(prime2), sumOf(), minus(prime1)] as const;
  readonly #input = new Word(0, 0);
  #held: Buffer = Buffer.alloc(0);
  #sizeBytes = 0;

  update(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    const bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : viewOf(chunk);
    const end = bytes.length - (bytes.length % stripeBytes);
    for (let at = 0; at < end; at += stripeBytes) {
      this.#round(this.#lanes[0], bytes, at);
      this.#round(this.#lanes[1], bytes, at + 8);
      this.#round(this.#lanes[2], bytes, at + 16);
      this.#round(this.#lanes[3], bytes, at + 24);
    }
    this.#held = Buffer.from(bytes.subarray(end));
  }

  /** Nothing may be added afterwards. */
  digest(): bigint {
    const { high, low } = this.#finish();
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  }

  /** The lower 32 bits, as zstd keeps them. Nothing may be added afterwards. */
  digestLow32(): number {
    return this.#finish().low >>> 0;
  }

  #finish(): Word {
    const hash = this.#sizeBytes >= stripeBytes ? this.#converge() : sumOf(prime5);
    hash.add(Math.floor(this.#sizeBytes / 2 ** 32), this.#sizeBytes >>> 0);
    this.#addRest(hash);
    hash.fold(33);
    hash.multiply(prime2);
    hash.fold(29);
    hash.multiply(prime3);
    hash.fold(32);
    return hash;
  }

  #round(lane: Word, bytes: Buffer, at: number): void {
    const input = this.#input;
    input.low = read32(bytes, at);
    input.high = read32(bytes, at + 4);
    input.multiply(prime2);
    lane.add(input.high, input.low);
    lane.rotate(31);
    lane.multiply(prime1);
  }

  #converge(): Word {
    const hash = new Word(0, 0);
    this.#lanes.forEach((lane, index) => {
      const rotated = sumOf(lane);
      rotated.rotate([1, 7, 12, 18][index] ?? 0);
      hash.add(rotated.high, rotated.low);
    });
    for (const lane of this.#lanes) {
      const merged = new Word(0, 0);
      lane.multiply(prime2);
      merged.add(lane.high, lane.low);
      merged.rotate(31);
      merged.multiply(prime1);
      mix(hash, merged, 0, prime1, prime4);
    }
    return hash;
  }

  #addRest(hash: Word): void {
    const rest = this.#held;
    let at = 0;
    for (; at + 8 <= rest.length; at += 8) {
      const lane = new Word(0, 0);
      this.#round(lane, rest, at);
      mix(hash, lane, 27, prime1, prime4);
    }
    if (at + 4 <= rest.length) {
      const lane = new Word(0, read32(rest, at));
      lane.multiply(prime1);
      mix(hash, lane, 23, prime2, prime3);
      at += 4;
    }
    for (; at < rest.length; at += 1) {
      const lane = new Word(0, rest[at] ?? 0);
      lane.multiply(prime5);
      mix(hash, lane, 11, prime1, undefined);
    }
  }
}

/** Mixes a lane in: exclusive or, turn, multiply, add. */
function mix(hash: Word, lane: Word, turn: number, factor: Word, addend: Word | undefined): void {
  hash.high ^= lane.high;
  hash.low ^= lane.low;
  hash.rotate(turn);
  hash.multiply(factor);
  if (addend) hash.add(addend.high, addend.low);
}

function sumOf(...words: Word[]): Word {
  const sum = new Word(0, 0);
  for (const { high, low } of words) sum.add(high, low);
  return sum;
}

function minus({ high, low }: Word): Word {
  const negated = new Word(~high, ~low);
  negated.add(0, 1);
  return negated;
}

function read32(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

function viewOf(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}
