import { closeSync, openSync, readSync } from "node:fs";

const chunkBytes = 1 << 20;
const [tab, lf, cr, quote, plus, apostrophe, comma, minus, equals, at] = [
  9, 10, 13, 34, 43, 39, 44, 45, 61, 64,
];
const formulaBytes: ReadonlySet<number> = new Set([equals, plus, minus, at, tab, cr, lf]);
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
      for (let index = 0; index < length; index++) cells.take(chunk[index] ?? 0);
    }
  } finally {
    closeSync(file);
  }
}

/** Where in a cell the reader is: before its first character, behind one or more `'`, or past what counts. */
type Place = "start" | "marked" | "wide" | "wider" | "past";

class MarkedCells {
  count = 0;
  private place: Place = "start";
  private isQuoted = false;
  /** The last byte was a quote inside quotes: it ends them unless another follows. */
  private isEnding = false;

  take(byte: number): void {
    if (this.isQuoted && byte === quote && !this.isEnding) {
      this.isEnding = true;
      return;
    }
    if (this.isEnding) {
      this.isEnding = false;
      if (byte !== quote) this.isQuoted = false;
    }
    if (!this.isQuoted && (byte === comma || byte === cr || byte === lf)) {
      this.place = "start";
      return;
    }
    if (!this.isQuoted && byte === quote && this.place === "start") {
      this.isQuoted = true;
      return;
    }
    this.place = this.next(byte);
  }

  private next(byte: number): Place {
    if (this.place === "start") return byte === apostrophe ? "marked" : "past";
    if (this.place === "marked") {
      if (byte === apostrophe) return "marked";
      if (byte === 0xef) return "wide";
      if (formulaBytes.has(byte)) this.count++;
      return "past";
    }
    if (this.place === "wide") return byte === 0xbc ? "wider" : "past";
    if (this.place === "wider" && wideBytes.has(byte)) this.count++;
    return "past";
  }
}
