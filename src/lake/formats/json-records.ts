import type { JsonScanner } from "./json-scanner.ts";
import { LineBatch } from "./line-batch.ts";
import type { Output } from "./output.ts";

/** A record that was left out, as it stands in the file. */
export interface Reject {
  /** Physical line it begins on, from 1. */
  line: number;
  reason: string;
  /** Its first characters. */
  text: string;
}

/** The first of the rejects are shown, all are counted. */
const shownRejects = 100;
const shownLength = 200;

/** Records on their way out: good ones are written one per line, the others are counted and shown. */
export class RecordSink {
  readonly rejects: Reject[] = [];
  records = 0;
  rejectedCount = 0;
  wideNumbers = 0;
  firstWideNumber: string | undefined;
  /** Records that are no objects become `{"value": …}`. The first record decides. */
  wraps: boolean | undefined;
  /** Whether what was written differs from what was read. */
  hasChanged = false;
  readonly #output: Output;
  readonly #batch: LineBatch = new LineBatch();

  constructor(output: Output) {
    this.#output = output;
  }

  reject(line: number, reason: string, start: Uint8Array): void {
    this.rejectedCount += 1;
    this.hasChanged = true;
    if (this.rejects.length >= shownRejects) return;
    const text = Buffer.from(start.subarray(0, 4 * shownLength))
      .toString("utf8")
      .slice(0, shownLength);
    this.rejects.push({
      line,
      reason,
      text: text.replace(/(?<![\ufffd\ud800-\udbff\r\n])[\ufffd\ud800-\udbff\r\n]+$/, ""),
    });
  }

  /** Whether a value that begins with this byte fits the records before; it is rejected otherwise. */
  accepts(firstByte: number): boolean {
    const isObject = firstByte === 0x7b;
    this.wraps ??= !isObject;
    return this.wraps || isObject;
  }

  /** Takes bytes that are whole lines already. */
  copy(bytes: Buffer, start: number, end: number): void {
    this.#batch.reserve(end - start);
    this.#batch.append(bytes, start, end);
  }

  /** Writes what was taken. */
  async flush(): Promise<void> {
    for (const lines of this.#batch.take()) await this.#output.write(lines);
  }

  /** Takes the record at `start`, as one line, with too wide numbers in quotes. */
  rewrite(bytes: Buffer, start: number, end: number, scanner: JsonScanner, line: number): void {
    this.hasChanged = true;
    const { wideNumbers, spansLines } = scanner;
    const lineStart = this.#batch.reserve(end - start + wideNumbers.length + wrapping.length);
    if (this.wraps) this.#batch.append(wrapping, 0, wrapping.length - 1);
    // Each mark is where a quote goes: before and behind every such number.
    let from = start;
    for (const mark of wideNumbers) {
      this.#batch.append(bytes, from, mark);
      this.#batch.appendByte(0x22);
      from = mark;
    }
    this.#batch.append(bytes, from, end);
    if (spansLines) this.#batch.joinLinesFrom(lineStart);
    if (this.wraps) this.#batch.append(wrapping, wrapping.length - 1, wrapping.length);
    this.#batch.appendByte(0x0a);
    const [numberStart, numberEnd] = wideNumbers;
    if (numberStart === undefined || numberEnd === undefined) return;
    this.wideNumbers += wideNumbers.length / 2;
    const number = bytes.toString("latin1", numberStart, Math.min(numberEnd, numberStart + 60));
    this.firstWideNumber ??= `${number} in the record at line ${line}`;
  }

  notes(): string[] {
    const notes: string[] = [];
    if (this.wideNumbers > 0) {
      notes.push(
        this.wideNumbers === 1
          ? `a number that neither a 64-bit integer nor a double holds was kept exactly, as text: ${this.firstWideNumber}`
          : `${this.wideNumbers} numbers that neither a 64-bit integer nor a double holds were kept exactly, as text; the first is ${this.firstWideNumber}`,
      );
    }
    if (this.wraps) notes.push('the records are not objects: each is in the column "value"');
    return notes;
  }
}

const wrapping = Buffer.from('{"value":}');
