import type { JsonScanner } from "./json-scanner.ts";
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
    this.rejects.push({ line, reason, text: text.replace(/[\ufffd\ud800-\udbff\r\n]+$/, "") });
  }

  /** Whether a value that begins with this byte fits the records before; it is rejected otherwise. */
  accepts(firstByte: number): boolean {
    const isObject = firstByte === 0x7b;
    this.wraps ??= !isObject;
    return this.wraps || isObject;
  }

  /** Writes bytes that are whole lines already. */
  async copy(lines: Buffer): Promise<void> {
    await this.#output.write(lines);
  }

  /** Writes the record at `start`, as one line, with too wide numbers in quotes. */
  async rewrite(
    bytes: Buffer,
    start: number,
    end: number,
    scanner: JsonScanner,
    line: number,
  ): Promise<void> {
    this.hasChanged = true;
    const parts: Buffer[] = [];
    let from = start;
    for (let index = 0; index < scanner.wideNumbers.length; index += 2) {
      const [numberStart = 0, numberEnd = 0] = scanner.wideNumbers.slice(index, index + 2);
      parts.push(bytes.subarray(from, numberStart), quote, bytes.subarray(numberStart, numberEnd), quote);
      from = numberEnd;
      this.wideNumbers += 1;
      this.firstWideNumber ??= `${bytes.toString("latin1", numberStart, Math.min(numberEnd, numberStart + 60))} in the record at line ${line}`;
    }
    parts.push(bytes.subarray(from, end), lineFeed);
    const record = Buffer.concat(this.wraps ? [valueOpens, ...parts.slice(0, -1), valueCloses] : parts);
    await this.#output.write(scanner.spansLines ? onOneLine(record) : record);
  }

  notes(): string[] {
    const notes: string[] = [];
    if (this.wideNumbers > 0) {
      notes.push(
        `${this.wideNumbers} numbers that neither a 64-bit integer nor a double holds were kept exactly, as text; the first is ${this.firstWideNumber}`,
      );
    }
    if (this.wraps) notes.push('the records are not objects: each is in the column "value"');
    return notes;
  }
}

const quote = Buffer.from('"');
const lineFeed = Buffer.from("\n");
const valueOpens = Buffer.from('{"value":');
const valueCloses = Buffer.from("}\n");

/** Line ends in a record lie between tokens, where a space means the same. The last byte ends the line. */
function onOneLine(record: Buffer): Buffer {
  for (let index = 0; index < record.length - 1; index += 1) {
    if (record[index] === 0x0a || record[index] === 0x0d) record[index] = 0x20;
  }
  return record;
}
