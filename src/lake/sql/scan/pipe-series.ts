import { closeSync, constants, openSync, rmSync, writeFileSync } from "node:fs";
import { type RecordOutput, RecordWriter } from "./record-writer.ts";

/** How long it may take the engine to come to the next pipe: it may have a row group to compress. */
const maxWaitMs = 60_000;

/**
 * Writes records into named pipes, one after the other, that the engine reads as a list of files. It keeps what it
 * read from a pipe until it is through with that one, so each is given a bounded part.
 */
export class PipeSeries implements RecordOutput {
  private at = 0;
  private writtenBytes = 0;
  private readonly paths: readonly string[];
  private readonly pieceBytes: number;
  /** None while the engine is waited for. */
  private writer: RecordWriter | undefined;

  /** `fd`: the first pipe, open for writing. */
  constructor(paths: readonly string[], fd: number, pieceBytes: number) {
    this.paths = paths;
    this.pieceBytes = pieceBytes;
    this.writer = this.begin(fd);
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    this.writtenBytes += end - start;
    this.writer?.write(bytes, start, end);
  }

  text(text: string): void {
    this.writtenBytes += text.length;
    this.writer?.text(text);
  }

  /** To be called between records. The last pipe takes whatever is left. */
  nextRecord(): void {
    const path = this.paths[this.at + 1];
    if (this.writtenBytes < this.pieceBytes || path === undefined) return;
    this.close();
    this.at++;
    this.writtenBytes = 0;
    this.writer = this.begin(openWhenRead(path));
  }

  finish(): void {
    this.emptyRest();
    this.close();
  }

  /** Ends the engine's list without what is still in the buffer. */
  abandon(): void {
    this.emptyRest();
    this.writer?.abandon();
  }

  private close(): void {
    const { writer } = this;
    this.writer = undefined;
    writer?.close();
  }

  /** What is left of the pipes becomes files of nothing, before the engine can come to them. */
  private emptyRest(): void {
    for (const path of this.paths.slice(this.writer ? this.at + 1 : this.at)) {
      rmSync(path);
      writeFileSync(path, "");
    }
  }

  private begin(fd: number): RecordWriter {
    const writer = new RecordWriter("", fd);
    // The engine drops a byte order mark at the start of a file: this one instead of the first record's own.
    writer.text("\ufeff");
    return writer;
  }
}

/**
 * Opens a pipe once the engine reads it. Waits without leaving the thread, as the scan it is part of does; throws
 * `EPIPE` where the engine does not come, since then it has failed.
 */
function openWhenRead(path: string): number {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const deadlineMs = performance.now() + maxWaitMs;
  for (;;) {
    try {
      const unblocked = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
      // From here on writes may wait for the engine.
      const fd = openSync(path, "w");
      closeSync(unblocked);
      return fd;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "ENXIO") throw thrown;
      if (performance.now() > deadlineMs)
        throw Object.assign(new Error("Nobody reads the pipe."), { code: "EPIPE" });
      Atomics.wait(cell, 0, 0, 1);
    }
  }
}
