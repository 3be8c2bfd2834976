const batchBytes = 1024 * 1024;

/** Lines gathered in large buffers, since a buffer for each would cost more than its content. */
export class LineBatch {
  #full: Buffer[] = [];
  #batch: Buffer = Buffer.alloc(0);
  #used = 0;

  /** Makes room for what the next appends bring, all in one piece. Gives the place where it begins. */
  reserve(sizeBytes: number): number {
    if (this.#used + sizeBytes + 1 > this.#batch.length) {
      if (this.#used > 0) this.#full.push(this.#batch.subarray(0, this.#used));
      this.#batch = Buffer.allocUnsafeSlow(Math.max(batchBytes, sizeBytes + 1));
      this.#used = 0;
    }
    return this.#used;
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.#used += bytes.copy(this.#batch, this.#used, start, end);
  }

  appendByte(byte: number): void {
    this.#batch[this.#used] = byte;
    this.#used += 1;
  }

  /** Makes one line of what was appended from `start` on: line ends lie between JSON tokens, where spaces do as well. */
  joinLinesFrom(start: number): void {
    for (let index = start; index < this.#used; index += 1) {
      if (this.#batch[index] === 0x0a || this.#batch[index] === 0x0d) this.#batch[index] = 0x20;
    }
  }

  /** What was gathered, to be used before anything more is appended. */
  take(): Buffer[] {
    const taken = this.#used > 0 ? [...this.#full, this.#batch.subarray(0, this.#used)] : this.#full;
    this.#full = [];
    this.#used = 0;
    return taken;
  }
}
