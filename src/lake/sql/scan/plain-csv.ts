import { isUtf8 } from "node:buffer";
import type { CsvDialect } from "../../formats/format.ts";
import { type ColumnShape, isLongInteger, staysExact, valueShapeOf } from "./column-shape.ts";
import { CsvRecords, hasQuote } from "./csv-records.ts";
import { FieldTypes } from "./field-types.ts";
import { LineWalker } from "./line-walker.ts";
import { recordAutomaton } from "./record-automaton.ts";
import { longNumberShape } from "./value-shape.ts";

const lf = 10;
const cr = 13;
/** Records that the first shapes of the columns are made of. */
const sampledRecords = 2_000;
/** Of a file with more records that have to be taken apart than this, and this share of all, nothing is gained. */
const mostOdd = { records: 2_000, share: 0.02 };
/** Columns that change more often are of no simple form. */
const mostBuilds = 64;
/** A longer record is left to the scan. */
const mostRecordBytes = 1 << 20;
/** Lines are looked at by so many bytes: what is looked at several times stays in the processor's cache. */
const sliceBytes = 256 << 10;
/** Less is not worth four parts. */
const leastSplitBytes = 4 << 10;

/** What was found of a file whose every line is a record that the engine reads just as `CsvScan` does. */
export interface PlainCsvFacts {
  rowCount: number;
  /** One per column. */
  types: FieldTypes[];
  longestRecordBytes: number;
  /** Columns of numbers that are `DOUBLE` if a double gives each of them back, which is still to be seen. */
  unproved: number[];
  /** Columns that are no text in which a field is `""`, in order. */
  quotedEmpties: number[];
  hasReturns: boolean;
  /** The quote's byte is somewhere. */
  hasQuotes: boolean;
}

/**
 * Proves of a CSV file, at the speed it is read, that each line is a record of good fields, and finds the types that
 * lose nothing: what `CsvScan` finds, of files that are as simple as that. The bytes are held against an automaton of
 * the columns' shapes; a line that it does not take is looked at field by field, and may widen a type.
 */
export class PlainCsv {
  private readonly dialect: CsvDialect;
  private readonly records: CsvRecords;
  private readonly types: FieldTypes[];
  private readonly shapes: ColumnShape[];
  private readonly walker = new LineWalker(sliceBytes + mostRecordBytes);
  /** What the automaton was built of. */
  private built = { typeNames: [""], key: "" };
  private hasReturns = false;
  private hasQuotes = false;
  private rowCount = 0;
  private longestRecordBytes = 0;
  private oddRecords = 0;
  private builds = 0;
  private readonly sampled: number;

  /** `sampled`: how many of its first records say what the columns are like. */
  constructor(dialect: CsvDialect, columnCount: number, sampled = sampledRecords) {
    this.sampled = sampled;
    this.dialect = dialect;
    this.records = new CsvRecords(dialect);
    this.types = Array.from({ length: columnCount }, () => new FieldTypes());
    this.shapes = this.types.map(() => ({ value: "nothing", quoted: false, quotedEmpty: false }));
  }

  /** Takes the file's next lines, all of them whole. False: it is no such file, and nothing more is to be taken. */
  take(bytes: Buffer, from: number, end: number): boolean {
    let at = from;
    while (at < end) {
      const next = sliceEnd(bytes, at, end);
      if (next - at > sliceBytes + mostRecordBytes || !this.takeSlice(bytes.subarray(at, next))) return false;
      at = next;
    }
    return true;
  }

  private takeSlice(lines: Buffer): boolean {
    if (!isUtf8(lines)) return false;
    this.hasQuotes ||= hasQuote(lines, this.dialect);
    const start = this.builds === 0 ? this.begin(lines) : 0;
    if (start < 0) return false;
    this.walker.put(lines);
    return this.measure(start, lines.length) && this.check(lines, start);
  }

  facts(): PlainCsvFacts {
    const { rowCount, types, shapes, longestRecordBytes, hasReturns, hasQuotes } = this;
    for (const [column, { value }] of shapes.entries()) {
      const type = types[column];
      // Each of these digits was counted, and none tried whether a double gives it back.
      if (type && isLongInteger(value)) type.join({ ...type.state(), beyondDouble: true });
    }
    const quotedEmpties = [...shapes.keys()].filter((at) => shapes[at]?.quotedEmpty);
    const unproved = [...shapes.keys()].filter((at) => shapes[at]?.value === longNumberShape);
    return { rowCount, types, longestRecordBytes, unproved, quotedEmpties, hasReturns, hasQuotes };
  }

  /** Where the records begin behind the header, once their first ones have told the columns' shapes; -1 for none such. */
  private begin(lines: Buffer): number {
    const firstEnd = lines.indexOf(lf);
    if (firstEnd < 0) return -1;
    this.hasReturns = lines[firstEnd - 1] === cr;
    let start = 0;
    if (this.dialect.hasHeader) {
      const state = this.records.read(lines, 0, firstEnd + 1, false);
      const isWhole = state === "whole" && this.records.next === firstEnd + 1 && firstEnd !== 0;
      if (!isWhole || this.records.isOdd) return -1;
      start = firstEnd + 1;
    }
    let at = start;
    for (let count = 0; count < this.sampled && at < lines.length; count++) {
      const next = lines.indexOf(lf, at) + 1;
      if (!this.isBlank(lines, at, next) && !this.readRecord(lines, at, next)) return -1;
      at = next;
    }
    this.build();
    return start;
  }

  /** Counts lines, and those that are records. */
  private measure(from: number, end: number): boolean {
    const { count, blankCount, longestBytes } = this.walker.measure(from, end, this.hasReturns);
    this.rowCount += count - blankCount;
    this.longestRecordBytes = Math.max(this.longestRecordBytes, longestBytes);
    return longestBytes <= mostRecordBytes;
  }

  private isBlank(bytes: Buffer, from: number, next: number): boolean {
    return next - from === 1 || (this.hasReturns && next - from === 2 && bytes[from] === cr);
  }

  private check(lines: Buffer, from: number): boolean {
    const { length } = lines;
    if (length - from < leastSplitBytes || this.longestRecordBytes * 8 > length - from) {
      return this.walker.takes(from, length) || this.checkLines(lines, from, length);
    }
    const lineAt = (share: number) => lines.indexOf(lf, from + Math.floor((length - from) * share)) + 1;
    const bounds = [from, lineAt(0.25), lineAt(0.5), lineAt(0.75), length] as const;
    return this.walker
      .takesQuarters(bounds)
      .every((isTaken, at) => isTaken || this.checkLines(lines, bounds[at] ?? 0, bounds[at + 1] ?? length));
  }

  /** Line by line, as one of them was not taken. */
  private checkLines(lines: Buffer, from: number, end: number): boolean {
    for (let at = from; at < end; ) {
      const next = lines.indexOf(lf, at) + 1;
      if (!this.walker.takes(at, next)) {
        const isFew = ++this.oddRecords <= mostOdd.records + this.rowCount * mostOdd.share;
        if (!isFew || !this.readRecord(lines, at, next) || !this.widen()) return false;
      }
      at = next;
    }
    return true;
  }

  /** Whether the line is a good record; notes what its fields are. */
  private readRecord(bytes: Buffer, from: number, next: number): boolean {
    const { records, types, shapes } = this;
    records.lineEnds = 0;
    const isWhole = records.read(bytes, from, next, false) === "whole" && records.next === next;
    const isAlike = records.lineEnds === (this.hasReturns ? 2 : 1);
    if (!isWhole || !isAlike || records.fieldCount !== types.length) return false;
    if (records.isOdd || records.hasQuotedNewline) return false;
    for (const [column, type] of types.entries()) {
      const [start = 0, end = 0] = [records.bounds[column * 2], records.bounds[column * 2 + 1]];
      if (!type.isText) type.note(bytes, start, end);
      const shape = shapes[column];
      if (!shape || !records.quoted[column]) continue;
      if (start === end) shape.quotedEmpty = true;
      else shape.quoted = true;
    }
    return true;
  }

  /** Takes what was noted last into the shapes. False where it makes doubtful what was taken before. */
  private widen(): boolean {
    const isExact = this.types.every((type, column) => {
      const before = this.shapes[column]?.value ?? "text";
      return staysExact(before, this.built.typeNames[column] ?? "", type.type());
    });
    if (isExact) this.build();
    return isExact && this.builds <= mostBuilds;
  }

  private build(): void {
    const { types, shapes, dialect, hasReturns } = this;
    for (const [column, shape] of shapes.entries()) {
      const type = types[column];
      if (type) shape.value = valueShapeOf(type);
    }
    const key = JSON.stringify(
      shapes.map(({ value, ...how }) => [typeof value === "string" ? value : value.key, how]),
    );
    if (key === this.built.key) return;
    this.built = { typeNames: types.map((type) => type.type()), key };
    this.builds++;
    this.walker.load(recordAutomaton({ columns: shapes, dialect, hasReturns }));
  }
}

/** Behind the last line that ends within a slice; where none does, behind the next. */
function sliceEnd(bytes: Buffer, from: number, end: number): number {
  if (end - from <= sliceBytes) return end;
  const last = bytes.lastIndexOf(lf, from + sliceBytes - 1) + 1;
  return last > from ? last : bytes.indexOf(lf, from + sliceBytes) + 1;
}
