import { JsonKeys } from "./json-keys.ts";
import { numberFits } from "./json-numbers.ts";

/** Why a value was refused. */
export type JsonFaultKind = "syntax" | "depth" | "duplicate_key" | "lone_surrogate";

export interface JsonFault {
  kind: JsonFaultKind;
  /** Byte offset in the buffer. */
  at: number;
  /** A phrase that can follow "record 3: ". */
  reason: string;
}

/** The value goes on past the bytes given. */
export const incomplete = -1;
/** The value is refused: see `fault`. */
export const refused = -2;

const inObject = 1;
const inArray = 2;

/**
 * Checks one JSON value (RFC 8259) in bytes of valid UTF-8 without building it, so that no number loses a digit
 * and no key a twin. Does not recurse. One scanner serves many values, one after the other.
 */
export class JsonScanner {
  readonly #maxDepth: number;
  readonly #containers: Uint8Array;
  readonly #keys: JsonKeys;
  #depth = 0;
  #buffer: Buffer = Buffer.alloc(0);
  #end = 0;
  #isFinal = false;
  #keyHash = 0;
  #hasEscape = false;
  #hasOpened = false;

  /** Set when `scan` answered `refused`. */
  fault: JsonFault | undefined;
  /** Starts and ends, in turn, of numbers that neither a 64-bit integer nor a double holds. */
  readonly wideNumbers: number[] = [];
  /** Whether a line end lies between the value's tokens. */
  spansLines = false;

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth;
    this.#containers = new Uint8Array(maxDepth + 1);
    this.#keys = new JsonKeys(maxDepth);
  }

  /**
   * The offset behind the value that begins at or after `start`, `incomplete` or `refused`. `isFinal`: nothing
   * follows `end`, so a number may stop there.
   */
  scan(buffer: Buffer, start: number, end: number, isFinal: boolean): number {
    this.#buffer = buffer;
    this.#end = end;
    this.#isFinal = isFinal;
    this.#depth = 0;
    this.#keys.reset();
    this.fault = undefined;
    this.spansLines = false;
    if (this.wideNumbers.length > 0) this.wideNumbers.length = 0;
    let at = start;
    for (;;) {
      at = this.#value(at);
      if (at >= 0 && !this.#hasOpened) at = this.#afterValue(at);
      if (at < 0 || this.#depth === 0) return at;
    }
  }

  /** Past a scalar, to the end of an empty container, or into an opened one, to where its first value begins. */
  #value(from: number): number {
    this.#hasOpened = false;
    const at = this.#skipSpace(from);
    if (at >= this.#end) return incomplete;
    const byte = this.#buffer[at] as number;
    if (byte === 0x22) return this.#string(at + 1, false);
    if (byte === 0x7b) return this.#open(at, inObject);
    if (byte === 0x5b) return this.#open(at, inArray);
    if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) return this.#number(at);
    return this.#literal(at, byte);
  }

  #open(at: number, container: number): number {
    if (this.#depth === this.#maxDepth) {
      return this.#refuse("depth", at, `nested more than ${this.#maxDepth} levels deep`);
    }
    this.#containers[++this.#depth] = container;
    if (container === inObject) this.#keys.enter(this.#depth);
    const next = this.#skipSpace(at + 1);
    if (next >= this.#end) return incomplete;
    if (this.#buffer[next] === (container === inObject ? 0x7d : 0x5d)) return next;
    this.#hasOpened = true;
    return container === inObject ? this.#key(next) : next;
  }

  /** Closes what ends here, and goes to the next value of the innermost container. At depth 0 all is done. */
  #afterValue(from: number): number {
    let at = from;
    while (this.#depth > 0) {
      at = this.#skipSpace(at);
      if (at >= this.#end) return incomplete;
      const byte = this.#buffer[at] as number;
      const container = this.#containers[this.#depth];
      if (byte === (container === inObject ? 0x7d : 0x5d)) {
        if (container === inObject) this.#keys.leave(this.#depth);
        this.#depth -= 1;
        at += 1;
      } else if (byte === 0x2c) {
        return container === inObject ? this.#key(this.#skipSpace(at + 1)) : at + 1;
      } else {
        return this.#unexpected(at, container === inObject ? "`,` or `}`" : "`,` or `]`");
      }
    }
    return at;
  }

  /** Past `"key":`. */
  #key(at: number): number {
    if (at >= this.#end) return incomplete;
    if (this.#buffer[at] !== 0x22) return this.#unexpected(at, "a key in double quotes");
    const behind = this.#string(at + 1, true);
    if (behind < 0) return behind;
    const twin = this.#keys.add(this.#buffer, at, behind, this.#keyHash, this.#hasEscape, this.#depth);
    if (twin !== undefined)
      return this.#refuse("duplicate_key", at, `the key ${twin} comes twice in one object`);
    const colon = this.#skipSpace(behind);
    if (colon >= this.#end) return incomplete;
    return this.#buffer[colon] === 0x3a ? colon + 1 : this.#unexpected(colon, "`:`");
  }

  /** Past the closing quote. Hashes keys on the way (FNV-1a). */
  #string(from: number, isKey: boolean): number {
    const buffer = this.#buffer;
    const end = this.#end;
    let hash = 0x811c9dc5;
    this.#hasEscape = false;
    let at = from;
    while (at < end) {
      const byte = buffer[at] as number;
      if (byte === 0x22) {
        this.#keyHash = hash;
        return at + 1;
      }
      if (byte === 0x5c) {
        this.#hasEscape = true;
        at = this.#escape(at + 1);
        if (at < 0) return at;
        continue;
      }
      if (byte < 0x20) return this.#refuse("syntax", at, "a line end or control character inside a string");
      if (isKey) hash = Math.imul(hash ^ byte, 0x01000193);
      at += 1;
    }
    return incomplete;
  }

  #escape(at: number): number {
    if (at >= this.#end) return incomplete;
    const byte = this.#buffer[at] as number;
    if (byte !== 0x75) {
      return '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? at + 1 : this.#unexpected(at, "an escape");
    }
    const unit = this.#hexUnit(at + 1);
    if (unit < 0) return unit;
    return (unit & 0xf800) === 0xd800 ? this.#surrogate(at, unit) : at + 5;
  }

  /** `at`: of the `u` in the first half's escape. */
  #surrogate(at: number, unit: number): number {
    const lone = "half of a surrogate pair stands alone in a string";
    if (unit >= 0xdc00) return this.#refuse("lone_surrogate", at - 1, lone);
    if (at + 11 > this.#end && !this.#isFinal) return incomplete;
    if (this.#buffer[at + 5] !== 0x5c || this.#buffer[at + 6] !== 0x75 || at + 11 > this.#end) {
      return this.#refuse("lone_surrogate", at - 1, lone);
    }
    const low = this.#hexUnit(at + 7);
    if (low >= 0 && (low & 0xfc00) !== 0xdc00) return this.#refuse("lone_surrogate", at - 1, lone);
    return low < 0 ? low : at + 11;
  }

  #hexUnit(at: number): number {
    if (at + 4 > this.#end) return incomplete;
    const digits = this.#buffer.toString("latin1", at, at + 4);
    return /^[0-9a-fA-F]{4}$/.test(digits)
      ? Number.parseInt(digits, 16)
      : this.#unexpected(at, "four hex digits");
  }

  #number(at: number): number {
    const buffer = this.#buffer;
    let index = at;
    // Bytes a number may be made of; whether they make one is looked at when they are together.
    for (; index < this.#end; index += 1) {
      const byte = buffer[index] as number;
      const isPart = (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x2b;
      if (!isPart && byte !== 0x65 && byte !== 0x45) break;
    }
    if (index === this.#end && !this.#isFinal) return incomplete;
    const fits = numberFits(buffer, at, index);
    if (fits === undefined) return this.#refuse("syntax", at, "a malformed number");
    if (!fits) this.wideNumbers.push(at, index);
    return index;
  }

  #literal(at: number, byte: number): number {
    const word = byte === 0x74 ? "true" : byte === 0x66 ? "false" : byte === 0x6e ? "null" : undefined;
    if (word === undefined) return this.#unexpected(at, "a value");
    const end = Math.min(at + word.length, this.#end);
    const given = this.#buffer.toString("latin1", at, end);
    if (given === word) return end;
    return word.startsWith(given) ? incomplete : this.#unexpected(at, "a value");
  }

  #skipSpace(from: number): number {
    const buffer = this.#buffer;
    let at = from;
    for (; at < this.#end; at += 1) {
      const byte = buffer[at] as number;
      if (byte > 0x20) return at;
      if (byte === 0x0a || byte === 0x0d) this.spansLines = true;
      else if (byte !== 0x20 && byte !== 0x09) return at;
    }
    return at;
  }

  #unexpected(at: number, wanted: string): number {
    const found = this.#buffer
      .toString("utf8", at, Math.min(at + 12, this.#end))
      .replace(/(?<!\ufffd)\ufffd+$/, "");
    return this.#refuse("syntax", at, `expected ${wanted}, found ${JSON.stringify(found)}`);
  }

  #refuse(kind: JsonFaultKind, at: number, reason: string): typeof refused {
    this.fault = { kind, at, reason };
    return refused;
  }
}
