import { closeSync, openSync, writeSync } from "node:fs";

const bufferBytes = 1 << 20;

/** Where records are written, piece by piece. Bytes may be used again once `write` has returned. */
export interface RecordOutput {
  write(bytes: Uint8Array, start: number, end: number): void;
  text(text: string): void;
}

/** Writes pieces of bytes to a new file, or a pipe, through one buffer. */
export class RecordWriter implements RecordOutput {
  private readonly buffer = Buffer.allocUnsafe(bufferBytes);
  private used = 0;
  private isOpen = true;
  private readonly fd: number;

  /** `fd`: where the file is open already. */
  constructor(path: string, fd = openSync(path, "wx", 0o600)) {
    this.fd = fd;
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    if (this.used + end - start > bufferBytes) this.flush();
    if (end - start > bufferBytes) writeAll(this.fd, bytes.subarray(start, end));
    else {
      this.buffer.set(bytes.subarray(start, end), this.used);
      this.used += end - start;
    }
  }

  text(text: string): void {
    const bytes = Buffer.from(text);
    this.write(bytes, 0, bytes.length);
  }

  close(): void {
    try {
      this.flush();
    } finally {
      this.abandon();
    }
  }

  /** Closes without what is still in the buffer, where it is open still. */
  abandon(): void {
    if (this.isOpen) closeSync(this.fd);
    this.isOpen = false;
  }

  private flush(): void {
    writeAll(this.fd, this.buffer.subarray(0, this.used));
    this.used = 0;
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
}
