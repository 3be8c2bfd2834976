import { canonicalNumber } from "./canonical-number.ts";
import type { JsonMember, JsonShape } from "./json-shape.ts";

/** The bound of `json-scanner.ts` too, which reads the same documents before. */
const maxDepth = 100;
const quote = 34;
const backslash = 92;

/** Why a document is no JSON, or cannot be held exactly. */
export class JsonFault extends Error {}

/**
 * Reads one JSON document (RFC 8259, strictly) and notes its values in shapes. It builds no values. Throws
 * `JsonFault` for anything that is not JSON, for names that occur twice in one object, lone surrogates and
 * documents nested deeper than 100.
 */
export class JsonReader {
  /** Bounds, in pairs, of numbers that the engine, which reads them as doubles, would change. */
  readonly inexact: number[] = [];
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  private depth = 0;
  private objects = 0;
  private hasEscape = false;

  /** Reads bytes `start` to `end`, which must hold one object and nothing else. */
  readObject(bytes: Buffer, start: number, end: number, shape: JsonShape): void {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    this.depth = 0;
    this.inexact.length = 0;
    if (this.skipBlanks() !== 123) throw new JsonFault("not a JSON object");
    this.object(shape);
    if (this.skipBlanks() !== -1) throw new JsonFault("text after the JSON object");
  }

  private value(shape: JsonShape): void {
    const byte = this.skipBlanks();
    if (byte === quote) this.stringValue(shape);
    else if (byte === 123) {
      shape.hasObject = true;
      this.object(shape);
    } else if (byte === 91) this.array(shape);
    else if (byte === 45 || (byte >= 48 && byte <= 57)) this.number(shape);
    else if (byte === 110) this.word("null");
    else {
      this.word(byte === 116 ? "true" : "false");
      shape.hasBoolean = true;
    }
  }

  private object(shape: JsonShape): void {
    const id = ++this.objects;
    this.deeper();
    this.at++;
    if (this.skipBlanks() === 125) this.at++;
    else {
      for (let index = 0; ; index++) {
        if (this.skipBlanks() !== quote) throw new JsonFault("a name is expected");
        const member = this.name(shape, shape.members[index]);
        if (member.lastObject === id) throw new JsonFault(`the name "${member.name}" occurs twice`);
        member.lastObject = id;
        this.expect(58, "a colon");
        this.value(member.shape);
        if (this.skipBlanks() !== 44) break;
        this.at++;
      }
      this.expect(125, "a comma or }");
    }
    this.depth--;
  }

  private array(shape: JsonShape): void {
    shape.hasArray = true;
    this.deeper();
    this.at++;
    if (this.skipBlanks() === 93) this.at++;
    else {
      for (;;) {
        this.value(shape.item);
        if (this.skipBlanks() !== 44) break;
        this.at++;
      }
      this.expect(93, "a comma or ]");
    }
    this.depth--;
  }

  /** Documents of a file mostly name their members in one order, so the guess is tried before any decoding. */
  private name(shape: JsonShape, guess: JsonMember | undefined): JsonMember {
    const start = this.at + 1;
    if (guess && this.isSpelled(guess.spelled, start)) {
      this.at = start + guess.spelled.length + 1;
      return guess;
    }
    this.string();
    const spelled = this.bytes.subarray(start, this.at - 1);
    const text = spelled.toString("utf8");
    return shape.member(this.hasEscape ? JSON.parse(`"${text}"`) : text, spelled);
  }

  private isSpelled(spelled: Buffer, start: number): boolean {
    const { bytes } = this;
    const { length } = spelled;
    if (start + length >= this.end || bytes[start + length] !== quote) return false;
    for (let at = 0; at < length; at++) if (bytes[start + at] !== spelled[at]) return false;
    return true;
  }

  private stringValue(shape: JsonShape): void {
    const start = this.at + 1;
    this.string();
    shape.hasString = true;
    if (shape.strings.isText) return;
    if (this.hasEscape || this.at - 1 === start) shape.strings.noteText();
    else shape.strings.note(this.bytes, start, this.at - 1);
  }

  /** Passes one string. Leaves `at` behind its closing quote. */
  private string(): void {
    const { bytes, end } = this;
    this.hasEscape = false;
    for (let at = this.at + 1; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) {
        this.at = at + 1;
        return;
      }
      if (byte < 32) throw new JsonFault("a control character in a string");
      if (byte === backslash) at = this.escape(at);
    }
    throw new JsonFault("a string that is never closed");
  }

  /** Checks the escape at `at`; answers with its last byte. */
  private escape(at: number): number {
    this.hasEscape = true;
    const kind = this.bytes[at + 1];
    if (kind !== 117) {
      if (kind === undefined || !'"\\/bfnrt'.includes(String.fromCharCode(kind))) {
        throw new JsonFault("an unknown escape in a string");
      }
      return at + 1;
    }
    const unit = this.unit(at + 2);
    if (unit < 0xd800 || unit > 0xdfff) return at + 5;
    const isPair = unit < 0xdc00 && this.bytes[at + 6] === backslash && this.bytes[at + 7] === 117;
    const low = isPair ? this.unit(at + 8) : 0;
    if (low < 0xdc00 || low > 0xdfff) throw new JsonFault("half of a surrogate pair in a string");
    return at + 11;
  }

  private unit(at: number): number {
    const hex = this.bytes.toString("latin1", at, Math.min(at + 4, this.end));
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new JsonFault("an unknown escape in a string");
    return Number.parseInt(hex, 16);
  }

  private number(shape: JsonShape): void {
    const start = this.at;
    const { bytes, end } = this;
    let at = start;
    while (at < end && isNumberByte(bytes[at] ?? 0)) at++;
    this.at = at;
    // Short integers need no check of their grammar but for leading zeros.
    const isShort = at - start < 16 && this.isDigits(start, at);
    const text = isShort ? "" : bytes.toString("latin1", start, at);
    if (!isShort && !/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text))
      throw new JsonFault("a malformed number");
    shape.numbers.note(bytes, start, at);
    if (!isShort && !isExactForEngine(text)) this.inexact.push(start, at);
  }

  private isDigits(start: number, end: number): boolean {
    const from = this.bytes[start] === 45 ? start + 1 : start;
    if (from === end || (end - from > 1 && this.bytes[from] === 48)) return false;
    for (let at = from; at < end; at++) {
      const byte = this.bytes[at] ?? 0;
      if (byte < 48 || byte > 57) return false;
    }
    return true;
  }

  private word(word: string): void {
    if (this.bytes.toString("latin1", this.at, Math.min(this.at + word.length, this.end)) !== word) {
      throw new JsonFault("a value is expected");
    }
    this.at += word.length;
  }

  private expect(byte: number, what: string): void {
    if (this.skipBlanks() !== byte) throw new JsonFault(`${what} is expected`);
    this.at++;
  }

  private deeper(): void {
    if (++this.depth > maxDepth) throw new JsonFault(`nested deeper than ${maxDepth}`);
  }

  /** Moves to the next byte that is no blank and answers with it, or -1 at the end. */
  private skipBlanks(): number {
    const { bytes, end } = this;
    while (this.at < end) {
      const byte = bytes[this.at] ?? 0;
      if (byte !== 32 && byte !== 9 && byte !== 10 && byte !== 13) return byte;
      this.at++;
    }
    return -1;
  }
}

function isNumberByte(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) || byte === 45 || byte === 43 || byte === 46 || byte === 101 || byte === 69
  );
}

/** The engine keeps integers of up to 38 digits; everything else it reads as a double. */
function isExactForEngine(text: string): boolean {
  if (/^-?\d{1,38}$/.test(text) && text !== "-0") return true;
  return canonicalNumber(text) === canonicalNumber(String(Number(text)));
}
