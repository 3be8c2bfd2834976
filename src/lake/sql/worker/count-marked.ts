import { closeSync, openSync, readSync } from "node:fs";

const chunkBytes = 1 << 20;
const [lf, quote, apostrophe, comma] = [10, 34, 39, 44];
/** `= + - @`, tab and line ends. */
const formulaBytes: ReadonlySet<number> = new Set([61, 43, 45, 64, 9, 13, 10]);
/** The last byte of `＝ ＋ － ＠`, whose first two are 0xEF 0xBC. */
const wideBytes: ReadonlySet<number> = new Set([0x9d, 0x8b, 0x8d, 0xa0]);

/**
 * Cells of a CSV file (comma, quotes doubled) that begin with `'` and what it was set before. Counted in the file as
 * it was written, since the statement may not run twice.
 */
export function countMarkedCells(path: string): number {
  const cells = new MarkedCells();
  const file = openSync(path, "r");
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const length = readSync(file, chunk, 0, chunkBytes, null);
      if (length === 0) return cells.count;
      cells.take(chunk, length);
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Where in a cell the reader is: before its first character, behind one or more `'`, in the middle of a wide sign, past
 * what counts, or behind a quote that ends the cell unless another follows.
 */
const [start, marked, wide, wider, past, ending] = [0, 1, 2, 3, 4, 5];

class MarkedCells {
  count = 0;
  private place = start;
  private isQuoted = false;

  take(chunk: Buffer, length: number): void {
    for (let at = 0; at < length; at++) {
      // Nearly all bytes are past what counts: they are hurried through.
      if (this.place === past) {
        at = this.isQuoted ? quoteFrom(chunk, at, length) : endFrom(chunk, at, length);
        if (at === length) return;
      }
      this.step(chunk[at] ?? 0);
    }
  }

  private step(byte: number): void {
    if (this.place === ending && byte === quote) this.place = past;
    else if (this.isQuoted && byte === quote && this.place !== ending) this.place = ending;
    else {
      if (this.place === ending) this.isQuoted = false;
      if (!this.isQuoted && (byte === comma || byte === lf)) this.place = start;
      else if (this.place === start && byte === quote && !this.isQuoted) this.isQuoted = true;
      else this.place = this.next(byte);
    }
  }

  private next(byte: number): number {
    if (this.place === start) return byte === apostrophe ? marked : past;
    if (this.place === marked) {
      if (byte === apostrophe) return marked;
      if (byte === 0xef) return wide;
      // Outside quotes a line end is the cell's end.
      if (formulaBytes.has(byte) && (this.isQuoted || byte !== 13)) this.count++;
      return past;
    }
    if (this.place === wide) return byte === 0xbc ? wider : past;
    if (this.place === wider && wideBytes.has(byte)) this.count++;
    return past;
  }
}

/** The next quote, or `length`. A loop: cells are too short for a call of the runtime to pay. */
function quoteFrom(chunk: Buffer, from: number, length: number): number {
  let at = from;
  while (at < length && chunk[at] !== quote) at++;
  return at;
}

/** The next byte that ends an unquoted cell, or `length`. */
function endFrom(chunk: Buffer, from: number, length: number): number {
  let at = from;
  while (at < length && chunk[at] !== comma && chunk[at] !== lf) at++;
  return at;
}
