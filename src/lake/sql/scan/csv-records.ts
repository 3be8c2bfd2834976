import { ToolError } from "../../../core/errors.ts";
import type { CsvDialect } from "../../formats/format.ts";

const lf = 10;
const cr = 13;
const blank = 32;

/** How `next` left a record. `more`: it goes on past the bytes at hand. */
export type RecordState = "whole" | "more" | "open_quote" | "text_after_quote";

/**
 * Whether the dialect's quote is among the bytes. Where it is, the engine's threads may take for a line's beginning what
 * is none: it loses rows then, or fails (DuckDB 1.5.6).
 */
export function hasQuote(bytes: Uint8Array, { quote }: CsvDialect): boolean {
  return quote !== "" && bytes.includes(singleByte("quote", quote));
}

/**
 * Splits CSV bytes into records and fields by RFC 4180 with the dialect's own separator, quote and escape.
 * A quote inside a field that did not begin with one is text. After `next`, the fields say what it found.
 */
export class CsvRecords {
  /** Bounds of each field without its quotes, in pairs. */
  bounds = new Int32Array(2 * 64);
  fieldCount = 0;
  /** Whether each field was quoted, and whether it holds escaped quotes. */
  quoted: boolean[] = [];
  escaped: boolean[] = [];
  /** Fields that are `""`. */
  readonly quotedEmpties: number[] = [];
  /** First byte behind the record's line end. */
  next = 0;
  /** Physical lines the record takes. */
  lines = 0;
  /** A field of this record holds a line end. */
  hasQuotedNewline = false;
  /** The engine would read this record otherwise than we do, unless it is written anew. */
  isOdd = false;
  /** Bits of the line ends seen: 1 LF, 2 CRLF, 4 CR. */
  lineEnds = 0;

  private readonly separator: number;
  private readonly quote: number;
  private readonly escapeMark: number;

  constructor(dialect: CsvDialect) {
    this.separator = singleByte("separator", dialect.separator);
    this.quote = dialect.quote === "" ? -1 : singleByte("quote", dialect.quote);
    this.escapeMark = dialect.escape === "" ? this.quote : singleByte("escape", dialect.escape);
  }

  /** Reads one record at `start`. With `atEof` the bytes end where the file ends. */
  read(bytes: Uint8Array, start: number, end: number, atEof: boolean): RecordState {
    this.fieldCount = 0;
    this.lines = 1;
    this.isOdd = false;
    this.hasQuotedNewline = false;
    this.quotedEmpties.length = 0;
    let at = start;
    for (;;) {
      const isQuoted = at < end && bytes[at] === this.quote;
      at = isQuoted ? this.readQuoted(bytes, at + 1, end, atEof) : this.readPlain(bytes, at, end);
      if (at < 0) return at === openQuote ? "open_quote" : "more";
      if (at >= end && !atEof) return "more";
      const byte = at < end ? bytes[at] : lf;
      if (byte === this.separator) at++;
      else if (byte === lf || byte === cr) return this.endLine(bytes, at, end, atEof) ? "whole" : "more";
      else return "text_after_quote";
    }
  }

  /** First byte behind the line that `from` is on, or -1 where it goes on past `end`. */
  lineAfter(bytes: Uint8Array, from: number, end: number, atEof: boolean): number {
    let at = from;
    while (at < end && bytes[at] !== lf && bytes[at] !== cr) at++;
    if (at >= end) return atEof ? end : -1;
    return this.endLine(bytes, at, end, atEof) ? this.next : -1;
  }

  private endLine(bytes: Uint8Array, at: number, end: number, atEof: boolean): boolean {
    if (at >= end) {
      this.next = end;
      return true;
    }
    if (bytes[at] === lf) {
      this.lineEnds |= 1;
      this.next = at + 1;
      return true;
    }
    if (at + 1 >= end && !atEof) return false;
    const isPair = at + 1 < end && bytes[at + 1] === lf;
    this.lineEnds |= isPair ? 2 : 4;
    this.next = at + (isPair ? 2 : 1);
    return true;
  }

  private readPlain(bytes: Uint8Array, start: number, end: number): number {
    const { separator, quote, escapeMark } = this;
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at];
      if (byte === separator || byte === lf || byte === cr) break;
      if (byte === quote || byte === escapeMark) this.isOdd ||= byte !== quote || bytes[start] === blank;
    }
    this.push(start, at, false, false);
    return at;
  }

  private readQuoted(bytes: Uint8Array, start: number, end: number, atEof: boolean): number {
    const { quote, escapeMark } = this;
    let isEscaped = false;
    for (let at = start; at < end; at++) {
      const byte = bytes[at];
      if (byte === lf || byte === cr) this.noteQuotedLine(bytes, at, end);
      if (byte !== quote && byte !== escapeMark) continue;
      if (at + 1 >= end && !atEof) return needMore;
      const following = at + 1 < end ? bytes[at + 1] : -1;
      if (
        byte === escapeMark &&
        (following === quote || (escapeMark !== quote && following === escapeMark))
      ) {
        isEscaped = true;
        at++;
      } else if (byte === quote) {
        this.push(start, at, true, isEscaped);
        return at + 1;
      } else this.isOdd = true;
    }
    return atEof ? openQuote : needMore;
  }

  private noteQuotedLine(bytes: Uint8Array, at: number, end: number): void {
    this.hasQuotedNewline = true;
    if (bytes[at] === lf || (at + 1 < end && bytes[at + 1] !== lf)) this.lines++;
  }

  private push(start: number, end: number, isQuoted: boolean, isEscaped: boolean): void {
    const at = this.fieldCount * 2;
    if (at >= this.bounds.length) this.bounds = grown(this.bounds);
    this.bounds[at] = start;
    this.bounds[at + 1] = end;
    this.quoted[this.fieldCount] = isQuoted;
    if (isQuoted && start === end) this.quotedEmpties.push(this.fieldCount);
    this.escaped[this.fieldCount] = isEscaped;
    this.fieldCount++;
  }
}

const needMore = -1;
const openQuote = -2;

function grown(bounds: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(bounds.length * 2);
  larger.set(bounds);
  return larger;
}

function singleByte(what: string, text: string): number {
  const bytes = Buffer.from(text);
  if (bytes.length === 1 && bytes[0] !== lf && bytes[0] !== cr) return bytes[0] ?? 0;
  throw new ToolError("unsupported", `The CSV ${what} "${text}" is not supported: give one ASCII character.`);
}
