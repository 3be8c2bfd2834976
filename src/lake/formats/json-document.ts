import { ToolError } from "../../core/errors.ts";
import type { RecordSink } from "./json-records.ts";
import { incomplete, type JsonScanner } from "./json-scanner.ts";

/** Where reading stands: before the first value, in an array of records, in a row of values, behind the array. */
type Place = "start" | "first" | "element" | "comma" | "values" | "behind";

/**
 * A JSON document: an array, whose elements are the records, or values one after the other, which are the
 * records themselves. A document that is broken somewhere is refused whole, as what follows cannot be told.
 */
export class JsonDocumentReader {
  readonly #scanner: JsonScanner;
  readonly #sink: RecordSink;
  readonly #maxRecordBytes: number;
  #held: Buffer = Buffer.alloc(0);
  /** Chunks that came after the held bytes. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  /** A record that was cut is looked at again when there is this much of it: so the work stays linear. */
  #neededBytes = 0;
  #place: Place = "start";
  /** Of the first held byte, from 1. */
  #line = 1;
  #column = 1;

  constructor(scanner: JsonScanner, sink: RecordSink, maxRecordBytes: number) {
    this.#scanner = scanner;
    this.#sink = sink;
    this.#maxRecordBytes = maxRecordBytes;
  }

  push(chunk: Buffer): void {
    this.#parts.push(Buffer.from(chunk));
    this.#partBytes += chunk.length;
    if (this.#held.length + this.#partBytes >= this.#neededBytes) this.#read(false);
  }

  end(): void {
    this.#read(true);
    if (this.#place === "start" || this.#place === "values" || this.#place === "behind") return;
    throw this.#fault(this.#held.length, "the array is not closed");
  }

  #read(isFinal: boolean): void {
    const bytes = Buffer.concat([this.#held, ...this.#parts]);
    this.#held = bytes;
    this.#parts = [];
    this.#partBytes = 0;
    let at = afterSpace(bytes, 0);
    let done = at;
    while (at < bytes.length) {
      const next = this.#step(bytes, at, isFinal);
      if (next === incomplete) break;
      at = afterSpace(bytes, next);
      done = at;
    }
    this.#drop(done);
  }

  /** Past one record or one mark between records. */
  #step(bytes: Buffer, at: number, isFinal: boolean): number {
    const byte = bytes[at] as number;
    if (this.#place === "start") {
      this.#place = byte === 0x5b ? "first" : "values";
      if (byte === 0x5b) return at + 1;
    }
    if (this.#place === "behind") throw this.#fault(at, "something follows the end of the array");
    if (this.#place === "comma" || (this.#place === "first" && byte === 0x5d)) return this.#between(at, byte);
    const behind = this.#scanner.scan(bytes, at, bytes.length, isFinal);
    if (behind === incomplete) return this.#wait(bytes.length - at, isFinal);
    if (behind < 0) throw this.#refused();
    this.#checkLength(behind - at);
    this.#record(bytes, at, behind);
    if (this.#place !== "values") this.#place = "comma";
    return behind;
  }

  #between(at: number, byte: number): number {
    if (byte !== 0x2c && byte !== 0x5d) throw this.#fault(at, "expected `,` or `]` after a record");
    this.#place = byte === 0x2c ? "element" : "behind";
    return at + 1;
  }

  #wait(heldBytes: number, isFinal: boolean): number {
    this.#checkLength(heldBytes);
    if (isFinal) throw this.#fault(this.#held.length, "it ends in the middle of a value");
    this.#neededBytes = 2 * heldBytes;
    return incomplete;
  }

  #record(bytes: Buffer, start: number, end: number): void {
    if (!this.#sink.accepts(bytes[start] as number)) {
      const { line } = this.#placeOf(start);
      this.#sink.reject(line, "not an object, as the records before are", bytes.subarray(start, end));
      return;
    }
    this.#sink.records += 1;
    const { wideNumbers } = this.#scanner;
    const line = wideNumbers.length > 0 && this.#sink.wideNumbers === 0 ? this.#placeOf(start).line : 0;
    this.#sink.rewrite(bytes, start, end, this.#scanner, line);
  }

  #checkLength(sizeBytes: number): void {
    if (sizeBytes <= this.#maxRecordBytes) return;
    const maxRecordBytes = this.#maxRecordBytes;
    throw new ToolError(
      "too_large",
      `Record ${this.#recordNumber()} of the JSON document is longer than ${maxRecordBytes} bytes, the most one record may have. Store the records as an array or as NDJSON.`,
      { details: { record: this.#recordNumber(), maxRecordBytes } },
    );
  }

  #recordNumber(): number {
    return this.#sink.records + this.#sink.rejectedCount + 1;
  }

  #drop(sizeBytes: number): void {
    const { line, column } = this.#placeOf(sizeBytes);
    this.#line = line;
    this.#column = column;
    this.#held = this.#held.subarray(sizeBytes);
  }

  /** Line and column (in characters) of a held byte. */
  #placeOf(at: number): { line: number; column: number } {
    let line = this.#line;
    let from = -1;
    for (
      let feed = this.#held.indexOf(0x0a);
      feed >= 0 && feed < at;
      feed = this.#held.indexOf(0x0a, feed + 1)
    ) {
      line += 1;
      from = feed;
    }
    const characters = this.#held.toString("utf8", from + 1, at).length;
    return { line, column: from < 0 ? this.#column + characters : characters + 1 };
  }

  #refused(): ToolError {
    const fault = this.#scanner.fault;
    const prefix = fault?.kind === "syntax" ? "" : `record ${this.#recordNumber()}: `;
    return this.#fault(fault?.at ?? 0, `${prefix}${fault?.reason}`);
  }

  #fault(at: number, reason: string): ToolError {
    const { line, column } = this.#placeOf(at);
    return new ToolError(
      "invalid_input",
      `The JSON document is broken at line ${line}, column ${column}: ${reason}.`,
      {
        details: { line, column, record: this.#recordNumber() },
      },
    );
  }
}

function afterSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at += 1;
  return at;
}
