import { ToolError } from "../../core/errors.ts";

const lf = 10;
const cr = 13;

/** Refuses text with a line longer than a bound, before anyone has to hold that line in memory. */
export class LineLengthGuard {
  readonly #maxLineBytes: number;
  /** Bytes of the line that goes on past the last chunk. */
  #openBytes = 0;

  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes;
  }

  /** Throws `too_large` naming the bound. */
  check(chunk: Buffer): void {
    if (chunk.length + this.#openBytes <= this.#maxLineBytes) {
      // No line that ends or begins in here can be too long.
      const last = Math.max(chunk.lastIndexOf(lf), chunk.lastIndexOf(cr));
      this.#openBytes = last < 0 ? this.#openBytes + chunk.length : chunk.length - last - 1;
      return;
    }
    this.#checkEveryLine(chunk);
  }

  #checkEveryLine(chunk: Buffer): void {
    let start = 0;
    while (start < chunk.length) {
      const end = nextLineEnd(chunk, start);
      if (this.#openBytes + end - start > this.#maxLineBytes) throw this.#tooLong();
      this.#openBytes = end === chunk.length ? this.#openBytes + end - start : 0;
      start = end + 1;
    }
  }

  #tooLong(): ToolError {
    const maxLineBytes = this.#maxLineBytes;
    return new ToolError(
      "too_large",
      `A line is longer than ${maxLineBytes} bytes, which is the most Sluice reads as one line.`,
      {
        details: { maxLineBytes },
      },
    );
  }
}

function nextLineEnd(chunk: Buffer, from: number): number {
  const feed = chunk.indexOf(lf, from);
  const end = feed < 0 ? chunk.length : feed;
  const ret = chunk.subarray(from, end).indexOf(cr);
  return ret < 0 ? end : from + ret;
}
