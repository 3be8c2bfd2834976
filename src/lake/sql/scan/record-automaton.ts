import type { CsvDialect } from "../../formats/format.ts";
import type { ColumnShape } from "./column-shape.ts";
import { shapeCharacters, type ValueShape } from "./value-shape.ts";

/**
 * Tells by one look-up a byte whether lines are records of the columns' shapes. A state is where its row begins in
 * `table`; a record begins and ends in `start`; state 0 is a fault, and is never left.
 */
export interface RecordAutomaton {
  table: Int32Array;
  /** The column of the table for each byte. */
  classes: Uint8Array;
  start: number;
}

const lf = 10;
const cr = 13;
const blank = 32;
const other = 0;

export interface RecordForm {
  columns: readonly ColumnShape[];
  dialect: Pick<CsvDialect, "separator" | "quote" | "escape">;
  /** Lines end with CRLF rather than LF. */
  hasReturns: boolean;
}

/** Of two columns or more: in a file of one, a blank line is a record. */
export function recordAutomaton(form: RecordForm): RecordAutomaton {
  return new Builder(form).build();
}

/** A shape's states by number, the first of them 0. A step: from a state by a class of characters to another. */
interface ExploredShape {
  steps: readonly (readonly [number, number, number])[];
  ends: readonly number[];
  count: number;
}

class Builder {
  private readonly form: RecordForm;
  private readonly classes = new Uint8Array(256);
  /** A character of each class; none of class 0. */
  private readonly characters: string[] = [""];
  private readonly separator: number;
  private readonly quote: number | undefined;
  private readonly rows: number[][] = [];
  private readonly shapes = new Map<string, ExploredShape>();
  /** Where each column begins. */
  private readonly starts: number[];

  constructor(form: RecordForm) {
    this.form = form;
    const { separator, quote, escape: sign } = form.dialect;
    const hasValues = form.columns.some(({ value }) => typeof value !== "string");
    for (const char of hasValues ? shapeCharacters : "") this.classOf(char);
    this.separator = this.classOf(separator);
    this.quote = quote === "" ? undefined : this.classOf(quote);
    if (sign !== "") this.classOf(sign);
    for (const byte of [lf, cr, blank]) this.classOf(String.fromCharCode(byte));
    this.addState();
    this.starts = form.columns.map(() => this.addState());
  }

  build(): RecordAutomaton {
    const [first = 0] = this.starts;
    for (const [at, shape] of this.form.columns.entries()) this.addColumn(shape, at);
    // A blank line is no record.
    this.endRecord(first);
    const width = this.characters.length;
    const table = new Int32Array(this.rows.length * width);
    for (const [at, row] of this.rows.entries()) {
      for (let item = 0; item < width; item++) table[at * width + item] = (row[item] ?? 0) * width;
    }
    return { table, classes: this.classes, start: first * width };
  }

  private addColumn({ value, quoted, quotedEmpty }: ColumnShape, column: number): void {
    const start = this.starts[column] ?? 0;
    this.endField(start, column);
    if (value === "text") {
      this.addText(start, column);
      return;
    }
    if (value !== "nothing") this.addValue(value, start, (state) => this.endField(state, column));
    if (this.quote === undefined || !(quoted || quotedEmpty)) return;
    const open = this.addState();
    const closed = this.addState();
    this.step(start, this.quote, open);
    this.endField(closed, column);
    if (quotedEmpty) this.step(open, this.quote, closed);
    if (value !== "nothing" && quoted) {
      this.addValue(value, open, (state) => this.step(state, this.quote ?? 0, closed));
    }
  }

  private addValue(shape: ValueShape, start: number, onEnd: (state: number) => void): void {
    const { steps, ends, count } = this.explored(shape);
    const states = [start];
    while (states.length < count) states.push(this.addState());
    for (const [from, item, to] of steps) this.step(states[from] ?? 0, item, states[to] ?? 0);
    for (const end of ends) onEnd(states[end] ?? 0);
  }

  /** Columns are alike more often than not. */
  private explored(shape: ValueShape): ExploredShape {
    const known = this.shapes.get(shape.key) ?? this.explore(shape);
    this.shapes.set(shape.key, known);
    return known;
  }

  private explore(shape: ValueShape): ExploredShape {
    const states = new Map([["", 0]]);
    const steps: [number, number, number][] = [];
    const ends: number[] = [];
    for (const [name, state] of states) {
      if (shape.isEnd(name)) ends.push(state);
      for (const [item, char] of this.characters.entries()) {
        const behind = char === "" ? undefined : shape.next(name, char);
        if (behind === undefined || item === this.separator || item === this.quote) continue;
        const known = states.get(behind) ?? states.size;
        states.set(behind, known);
        steps.push([state, item, known]);
      }
    }
    return { steps, ends, count: states.size };
  }

  /** A quote inside a field that began without one is text, unless it began with a blank: that the engine misreads. */
  private addText(start: number, column: number): void {
    const [plain, indented] = [this.addState(), this.addState()];
    const noText = [this.separator, this.classOf("\n"), this.classOf("\r"), this.escapeClass()];
    const blankClass = this.classOf(" ");
    for (let item = 0; item < this.characters.length; item++) {
      if (noText.includes(item)) continue;
      this.step(plain, item, plain);
      if (item === this.quote) continue;
      this.step(start, item, item === blankClass ? indented : plain);
      this.step(indented, item, indented);
    }
    this.endField(plain, column);
    this.endField(indented, column);
    if (this.quote !== undefined) this.addQuotedText(this.quote, start, column);
  }

  private addQuotedText(quote: number, start: number, column: number): void {
    const [inside, behind] = [this.addState(), this.addState()];
    const noText = [this.classOf("\n"), this.classOf("\r"), this.escapeClass()];
    this.step(start, quote, inside);
    for (let item = 0; item < this.characters.length; item++) {
      if (!noText.includes(item)) this.step(inside, item, item === quote ? behind : inside);
    }
    // The second of a pair.
    this.step(behind, quote, inside);
    this.endField(behind, column);
  }

  private endField(state: number, column: number): void {
    if (column === this.starts.length - 1) this.endRecord(state);
    else this.step(state, this.separator, this.starts[column + 1] ?? 0);
  }

  private endRecord(state: number): void {
    const [first = 0] = this.starts;
    if (!this.form.hasReturns) {
      this.step(state, this.classOf("\n"), first);
      return;
    }
    const ended = this.addState();
    this.step(state, this.classOf("\r"), ended);
    this.step(ended, this.classOf("\n"), first);
  }

  /** None where the quote is doubled. */
  private escapeClass(): number {
    const { quote, escape: sign } = this.form.dialect;
    return sign === "" || sign === quote ? -1 : this.classOf(sign);
  }

  private classOf(char: string): number {
    const byte = char.charCodeAt(0);
    if (this.classes[byte] === other) {
      this.classes[byte] = this.characters.length;
      this.characters.push(char);
    }
    return this.classes[byte] ?? other;
  }

  private addState(): number {
    return this.rows.push([]) - 1;
  }

  private step(from: number, item: number, to: number): void {
    const row = this.rows[from];
    if (row) row[item] = to;
  }
}
