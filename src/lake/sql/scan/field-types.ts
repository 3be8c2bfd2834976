import { z } from "zod";
import { canonicalNumber } from "./canonical-number.ts";
import { readDateTime } from "./date-time.ts";
import { kinds } from "./kinds.ts";

const longestNumber = 60;
const zero = 48;
const nine = 57;
const minus = 45;
const dot = 46;

/** What was seen of one column's values, to be joined with what was seen of others. Plain JSON. */
export const fieldTypesState = z.object({
  seen: z.int(),
  integerDigits: z.int(),
  scale: z.int(),
  beyond64Bits: z.boolean(),
  beyondDouble: z.boolean(),
  hasExponent: z.boolean(),
});
export type FieldTypesState = z.infer<typeof fieldTypesState>;

/**
 * Finds the narrowest type that holds every value of one text column exactly. Leading zeros, plus signs and
 * blanks make text; numbers stay numbers only where the type gives every digit back.
 */
export class FieldTypes {
  /** Union of the kinds seen. */
  seen = 0;
  private integerDigits = 0;
  private scale = 0;
  private beyond64Bits = false;
  private beyondDouble = false;
  private hasExponent = false;

  state(): FieldTypesState {
    const { seen, integerDigits, scale, beyond64Bits, beyondDouble, hasExponent } = this;
    return { seen, integerDigits, scale, beyond64Bits, beyondDouble, hasExponent };
  }

  /** Notes all values that made `other`. */
  join(other: FieldTypesState): void {
    this.seen |= other.seen;
    this.integerDigits = Math.max(this.integerDigits, other.integerDigits);
    this.scale = Math.max(this.scale, other.scale);
    this.beyond64Bits ||= other.beyond64Bits;
    this.beyondDouble ||= other.beyondDouble;
    this.hasExponent ||= other.hasExponent;
  }

  get isText(): boolean {
    return (this.seen & kinds.text) !== 0;
  }

  /** Notes a value that is text whatever it looks like. */
  noteText(): void {
    this.seen |= kinds.text;
  }

  /** Notes one value: bytes `start` to `end` of `bytes`, without quotes. Empty values say nothing. */
  note(bytes: Uint8Array, start: number, end: number): void {
    if (start === end) return;
    const first = bytes[start] ?? 0;
    if ((first >= zero && first <= nine) || first === minus || first === dot) {
      this.noteDigits(bytes, start, end);
    } else this.seen |= isBoolean(bytes, start, end) ? kinds.boolean : kinds.text;
  }

  private noteDigits(bytes: Uint8Array, start: number, end: number): void {
    let at = bytes[start] === minus ? start + 1 : start;
    const digitsFrom = at;
    while (at < end && isDigit(bytes[at])) at++;
    const digits = at - digitsFrom;
    const hasLeadingZero = digits > 1 && bytes[digitsFrom] === zero;
    if (at === end && digits > 0 && !hasLeadingZero) {
      this.noteInteger(bytes, start, digitsFrom, end);
    } else if (digits === 4 && bytes[at] === minus && start === digitsFrom) {
      this.seen |= readDateTime(bytes, start, end);
    } else if (hasLeadingZero || end - start > longestNumber) this.seen |= kinds.text;
    else this.noteFraction(bytes, start, at, end, digits);
  }

  private noteInteger(bytes: Uint8Array, start: number, digitsFrom: number, end: number): void {
    const digits = end - digitsFrom;
    if (digits > 38) this.seen |= kinds.text;
    // A negative zero is no integer: only a floating point number keeps its sign.
    else if (digits === 1 && bytes[digitsFrom] === zero && start !== digitsFrom) this.seen |= kinds.fraction;
    else {
      this.seen |= kinds.integer;
      if (digits > this.integerDigits) this.integerDigits = digits;
      if (digits > 15) this.noteLongInteger(textBetween(bytes, start, end));
    }
  }

  private noteLongInteger(text: string): void {
    this.beyond64Bits ||= BigInt.asIntN(64, BigInt(text)) !== BigInt(text);
    this.beyondDouble ||= canonicalNumber(text) !== canonicalNumber(String(Number(text)));
  }

  private noteFraction(bytes: Uint8Array, start: number, from: number, end: number, digits: number): void {
    let at = from;
    if (bytes[at] === dot) {
      at++;
      while (at < end && isDigit(bytes[at])) at++;
    }
    const scale = at === from ? 0 : at - from - 1;
    if ((at !== from && scale === 0) || (digits === 0 && scale === 0)) {
      this.seen |= kinds.text;
      return;
    }
    if (at < end && !this.noteExponent(bytes, at, end)) {
      this.seen |= kinds.text;
      return;
    }
    if (digits > this.integerDigits) this.integerDigits = digits;
    if (scale > this.scale) this.scale = scale;
    // Fifteen digits always come back from a double (IEEE 754); beyond, and with exponents, each is tried.
    if (digits + scale > 15 || at < end) this.noteLongFraction(textBetween(bytes, start, end));
    this.seen |= kinds.fraction;
  }

  private noteExponent(bytes: Uint8Array, from: number, end: number): boolean {
    const isE = bytes[from] === 101 || bytes[from] === 69;
    const signed = bytes[from + 1] === minus || bytes[from + 1] === 43;
    let at = from + (signed ? 2 : 1);
    if (!isE || at >= end) return false;
    while (at < end && isDigit(bytes[at])) at++;
    if (at !== end) return false;
    this.hasExponent = true;
    return true;
  }

  private noteLongFraction(text: string): void {
    this.beyondDouble ||= canonicalNumber(text) !== canonicalNumber(String(Number(text)));
  }

  /** DuckDB's name of the type found so far. */
  type(): string {
    switch (this.seen) {
      case kinds.integer:
        return this.beyond64Bits ? "HUGEINT" : "BIGINT";
      case kinds.fraction:
      case kinds.integer | kinds.fraction:
        return this.fractionType();
      case kinds.boolean:
        return "BOOLEAN";
      case kinds.date:
        return "DATE";
      case kinds.timestamp:
      case kinds.date | kinds.timestamp:
        return "TIMESTAMP";
      case kinds.zonedTimestamp:
        return "TIMESTAMP WITH TIME ZONE";
      default:
        return "VARCHAR";
    }
  }

  private fractionType(): string {
    if (!this.beyondDouble) return "DOUBLE";
    const width = this.integerDigits + this.scale;
    return this.hasExponent || width > 38 ? "VARCHAR" : `DECIMAL(${width},${this.scale})`;
  }
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= nine;
}

/** `true` and `false`, in small letters, capitals, or with a capital first. */
function isBoolean(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== 4 && end - start !== 5) return false;
  return /^(true|false|True|False|TRUE|FALSE)$/.test(textBetween(bytes, start, end));
}

function textBetween(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
