/** A record that cannot be read as a row. `line` counts physical lines from 1; `text` is its start. */
export interface Reject {
  line: number;
  reason: string;
  text: string;
}

const maxTextChars = 200;

/** Counts rejected records and keeps the first few. */
export class Rejects {
  count = 0;
  readonly first: Reject[] = [];
  private readonly keep: number;

  constructor(keep: number) {
    this.keep = keep;
  }

  add(line: number, reason: string, bytes: Uint8Array, start: number, end: number): void {
    this.count++;
    if (this.first.length >= this.keep) return;
    const head = Buffer.from(bytes.subarray(start, Math.min(end, start + maxTextChars * 4)));
    this.first.push({ line, reason, text: head.toString("utf8").slice(0, maxTextChars) });
  }
}
