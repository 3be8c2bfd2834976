import { isUtf8 } from "node:buffer";
import type { CsvDialect } from "../../formats/format.ts";
import { ByteWindow } from "./byte-window.ts";
import { CsvRecords, hasQuote } from "./csv-records.ts";
import type { FieldTypes } from "./field-types.ts";
import { Rejects } from "./rejects.ts";

/** What a pass over one CSV file found. Rows and rejects together are all its records but blank lines. */
export interface CsvFacts {
  rowCount: number;
  rejects: Rejects;
  /** Bits of the line ends seen: 1 LF, 2 CRLF, 4 CR. */
  lineEnds: number;
  hasQuotedNewline: boolean;
  /** The quote's byte is somewhere. */
  hasQuotes: boolean;
  longestRecordBytes: number;
  /** A good record that the engine would read otherwise than RFC 4180 has it. */
  hasOddRecord: boolean;
  /** Columns in which a good record has `""`. */
  quotedEmpties: Set<number>;
}

export interface CsvScanOptions {
  dialect: CsvDialect;
  columnCount: number;
  /** One per column, or none where types do not matter. */
  types?: readonly FieldTypes[] | undefined;
  /** Called for each good record, with its fields in `records`. */
  onRecord?: ((bytes: Uint8Array, records: CsvRecords) => void) | undefined;
  /** Called now and then with the bytes read so far. */
  onProgress?: ((bytes: number) => void) | undefined;
  /** A longer record is rejected. */
  maxRecordBytes?: number;
  keepRejects?: number;
}

const windowBytes = 1 << 20;
export const defaultMaxRecordBytes = 16 << 20;

/** Reads a CSV file once, record by record, in bounded memory. */
export class CsvScan {
  readonly facts: CsvFacts;
  private readonly window: ByteWindow;
  private readonly records: CsvRecords;
  private readonly options: CsvScanOptions;
  private readonly maxRecordBytes: number;
  private line = 1;
  /** Bytes of the window up to here are known to be UTF-8. */
  private validUntil = 0;
  private bytesDone = 0;

  constructor(fd: number, options: CsvScanOptions) {
    this.options = options;
    this.window = new ByteWindow(fd, windowBytes);
    this.records = new CsvRecords(options.dialect);
    this.maxRecordBytes = options.maxRecordBytes ?? defaultMaxRecordBytes;
    this.facts = {
      rowCount: 0,
      rejects: new Rejects(options.keepRejects ?? 100),
      lineEnds: 0,
      hasQuotedNewline: false,
      hasQuotes: false,
      longestRecordBytes: 0,
      hasOddRecord: false,
      quotedEmpties: new Set(),
    };
  }

  run(): CsvFacts {
    this.fill();
    const { window } = this;
    if (window.end >= 3 && window.bytes.readUIntBE(0, 3) === 0xefbbbf) window.pos = 3;
    for (let skipped = 0; skipped < this.options.dialect.skipLines; skipped++) this.skipLine();
    let expectsHeader = this.options.dialect.hasHeader;
    while (window.pos < window.end || !window.atEof) {
      if (window.pos >= window.end) this.fill();
      else if (this.readRecord(expectsHeader)) expectsHeader = false;
    }
    this.facts.lineEnds = this.records.lineEnds;
    return this.facts;
  }

  /** Whether a record was consumed. Without, the window was filled. */
  private readRecord(isHeader: boolean): boolean {
    const { window, records } = this;
    const { bytes, pos } = window;
    const state = records.read(bytes, pos, window.end, window.atEof);
    if (state === "more" && window.end - pos <= this.maxRecordBytes) {
      this.fill();
      return false;
    }
    if (state === "whole") this.finish(isHeader);
    else if (state === "text_after_quote") this.rejectLine("text after a closing quote");
    else this.rejectOverlong(state === "open_quote" || records.hasQuotedNewline);
    return true;
  }

  private finish(isHeader: boolean): void {
    const { window, records, facts } = this;
    const { bytes, pos } = window;
    const isBlank = records.fieldCount === 1 && records.bounds[1] === records.bounds[0] && !records.quoted[0];
    if (isHeader && records.isOdd) facts.hasOddRecord = true;
    if (!isHeader && !(isBlank && this.options.columnCount > 1)) {
      const reason = this.faultOf(pos, records.next);
      if (reason !== undefined) facts.rejects.add(this.line, reason, bytes, pos, records.next);
      else this.accept(pos);
    }
    this.line += records.lines;
    window.pos = records.next;
  }

  private faultOf(start: number, end: number): string | undefined {
    const { fieldCount } = this.records;
    const { columnCount } = this.options;
    if (end - start > this.maxRecordBytes) return `longer than ${this.maxRecordBytes} bytes`;
    if (fieldCount !== columnCount) return `${fieldCount} fields where ${columnCount} are expected`;
    if (end > this.validUntil && !isUtf8(this.window.bytes.subarray(start, end))) return "not valid UTF-8";
    return undefined;
  }

  private accept(start: number): void {
    const { records, facts, options } = this;
    const { bytes } = this.window;
    facts.rowCount++;
    if (records.next - start > facts.longestRecordBytes) facts.longestRecordBytes = records.next - start;
    if (records.isOdd) facts.hasOddRecord = true;
    if (records.hasQuotedNewline) facts.hasQuotedNewline = true;
    for (const column of records.quotedEmpties) facts.quotedEmpties.add(column);
    if (options.types) this.noteTypes(options.types, bytes);
    options.onRecord?.(bytes, records);
  }

  private noteTypes(types: readonly FieldTypes[], bytes: Uint8Array): void {
    const { bounds } = this.records;
    for (let column = 0; column < types.length; column++) {
      const type = types[column];
      if (type && !type.isText) type.note(bytes, bounds[column * 2] ?? 0, bounds[column * 2 + 1] ?? 0);
    }
  }

  /** An open quote or a record past the bound costs its first line only: what follows may be good again. */
  private rejectOverlong(isOpenQuote: boolean): void {
    const { window } = this;
    const reason = isOpenQuote ? "a quote that is never closed" : `longer than ${this.maxRecordBytes} bytes`;
    this.facts.rejects.add(this.line, reason, window.bytes, window.pos, window.end);
    this.skipLine();
  }

  private rejectLine(reason: string): void {
    const { window } = this;
    this.facts.rejects.add(this.line, reason, window.bytes, window.pos, window.end);
    this.skipLine();
  }

  private skipLine(): void {
    const { window } = this;
    for (;;) {
      const next = this.records.lineAfter(window.bytes, window.pos, window.end, window.atEof);
      if (next >= 0) {
        window.pos = next;
        this.line++;
        return;
      }
      // Keeps one byte: a carriage return at the end may be half of a line end.
      window.pos = Math.max(window.pos, window.end - 1);
      this.fill();
    }
  }

  private fill(): void {
    const { window } = this;
    this.bytesDone += window.pos;
    window.fill();
    this.facts.hasQuotes ||= hasQuote(window.bytes.subarray(window.pos, window.end), this.options.dialect);
    this.validUntil = isUtf8(wholeCharacters(window)) ? window.end : 0;
    this.options.onProgress?.(this.bytesDone + window.end);
  }
}

/** The unread bytes without a character that is cut off at their end. */
function wholeCharacters({ bytes, pos, end }: ByteWindow): Uint8Array {
  let at = end;
  while (at > pos && end - at < 4 && ((bytes[at - 1] ?? 0) & 0xc0) === 0x80) at--;
  const isLead = at > pos && ((bytes[at - 1] ?? 0) & 0xc0) === 0xc0;
  return bytes.subarray(pos, isLead ? at - 1 : end);
}
