import { isUtf8 } from "node:buffer";
import type { RecordSink } from "./json-records.ts";
import { incomplete, type JsonScanner } from "./json-scanner.ts";

const nothing = Buffer.alloc(0);
const lineFeed = 0x0a;

/**
 * Newline-delimited JSON, line by line: each line that is not blank is one record or one reject. Lines that need
 * no change go out in one piece with their neighbours.
 */
export class NdjsonReader {
  readonly #scanner: JsonScanner;
  readonly #sink: RecordSink;
  readonly #maxRecordBytes: number;
  /** The begun line at the end of the last chunk. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The begun line is too long and is rejected already: the rest of it is passed over. */
  #isPassing = false;
  #line = 1;
  /** Bytes that are no UTF-8 are among the lines at hand. */
  #hasInvalid = false;
  /** What the scanner last answered. */
  #behind = 0;

  constructor(scanner: JsonScanner, sink: RecordSink, maxRecordBytes: number) {
    this.#scanner = scanner;
    this.#sink = sink;
    this.#maxRecordBytes = maxRecordBytes;
  }

  push(chunk: Buffer): void {
    const firstEnd = chunk.indexOf(lineFeed);
    const lastEnd = chunk.lastIndexOf(lineFeed);
    if (firstEnd >= 0) this.#finishHeld(chunk.subarray(0, firstEnd + 1));
    if (lastEnd > firstEnd) this.#lines(chunk, firstEnd + 1, lastEnd + 1);
    this.#hold(chunk.subarray(lastEnd + 1));
  }

  end(): void {
    this.#finishHeld(nothing);
  }

  #hold(part: Buffer): void {
    if (part.length === 0 || this.#isPassing) return;
    // Copied, because the caller may reuse its chunk.
    this.#held.push(Buffer.from(part));
    this.#heldBytes += part.length;
    if (this.#heldBytes <= this.#maxRecordBytes) return;
    this.#rejectTooLong(Buffer.concat(this.#held));
    this.#isPassing = true;
    this.#held = [];
    this.#heldBytes = 0;
  }

  #finishHeld(rest: Buffer): void {
    if (this.#isPassing) {
      this.#isPassing = false;
      this.#line += 1;
      return;
    }
    const line = Buffer.concat([...this.#held, rest]);
    this.#held = [];
    this.#heldBytes = 0;
    if (line.length > 0) this.#lines(line, 0, line.length);
  }

  /** Whole lines; the last one of a file may lack its line feed. */
  #lines(bytes: Buffer, from: number, to: number): void {
    this.#hasInvalid = !isUtf8(bytes.subarray(from, to));
    let unchangedFrom = from;
    for (let start = from; start < to; this.#line += 1) {
      const feed = bytes.indexOf(lineFeed, start);
      const end = feed < 0 || feed >= to ? to : feed;
      if (!this.#passes(bytes, start, end)) {
        this.#sink.copy(bytes, unchangedFrom, start);
        this.#change(bytes, start, end);
        unchangedFrom = Math.min(end + 1, to);
      }
      start = end + 1;
    }
    this.#sink.copy(bytes, unchangedFrom, to);
  }

  /** Whether the line can go out as it is. Blank lines can: they are no records to anyone. */
  #passes(bytes: Buffer, start: number, end: number): boolean {
    const first = afterSpace(bytes, start, end);
    if (first === end) return true;
    if (end - start > this.#maxRecordBytes || this.#isInvalid(bytes, start, end)) return false;
    this.#behind = this.#scanner.scan(bytes, first, end, true);
    const behind = this.#behind;
    if (behind < 0 || this.#scanner.wideNumbers.length > 0 || afterSpace(bytes, behind, end) !== end)
      return false;
    if (!this.#sink.accepts(bytes[first] as number) || this.#sink.wraps) return false;
    this.#sink.records += 1;
    return true;
  }

  /** A line that was just scanned and cannot go out as it is. */
  #change(bytes: Buffer, start: number, end: number): void {
    if (end - start > this.#maxRecordBytes) {
      this.#rejectTooLong(bytes.subarray(start, end));
      return;
    }
    if (this.#isInvalid(bytes, start, end)) {
      this.#sink.reject(this.#line, "not valid UTF-8", bytes.subarray(start, end));
      return;
    }
    const first = afterSpace(bytes, start, end);
    const behind = this.#behind;
    const reason = this.#faultOf(bytes, first, behind, end);
    if (reason === undefined) {
      this.#sink.records += 1;
      this.#sink.rewrite(bytes, first, behind, this.#scanner, this.#line);
    } else {
      this.#sink.reject(this.#line, reason, bytes.subarray(start, end));
    }
  }

  #isInvalid(bytes: Buffer, start: number, end: number): boolean {
    return this.#hasInvalid && !isUtf8(bytes.subarray(start, end));
  }

  #faultOf(bytes: Buffer, first: number, behind: number, end: number): string | undefined {
    if (behind === incomplete) return "the line ends in the middle of a JSON value";
    if (behind < 0) return this.#scanner.fault?.reason;
    if (afterSpace(bytes, behind, end) !== end) return "more than one JSON value on the line";
    return this.#sink.accepts(bytes[first] as number)
      ? undefined
      : "not an object, as the records before are";
  }

  #rejectTooLong(line: Buffer): void {
    this.#sink.reject(
      this.#line,
      `longer than ${this.#maxRecordBytes} bytes, the most one record may have`,
      line,
    );
  }
}

function afterSpace(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x0d || bytes[at] === 0x09)) at += 1;
  return at;
}
