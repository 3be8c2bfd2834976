import { readSync } from "node:fs";

/** A growing view of a file for scanners that need whole records: bytes `pos` to `end` of `bytes` are unread. */
export class ByteWindow {
  bytes: Buffer;
  pos = 0;
  end = 0;
  atEof = false;
  private readonly fd: number;

  constructor(fd: number, sizeBytes: number) {
    this.fd = fd;
    this.bytes = Buffer.allocUnsafe(sizeBytes);
  }

  /** Reads on behind the unread bytes, which move to the front; doubles the buffer when they fill it. */
  fill(): void {
    const unread = this.end - this.pos;
    const target = unread * 2 > this.bytes.length ? Buffer.allocUnsafe(this.bytes.length * 2) : this.bytes;
    this.bytes.copy(target, 0, this.pos, this.end);
    this.bytes = target;
    this.pos = 0;
    this.end = unread;
    while (this.end < this.bytes.length && !this.atEof) {
      const got = readSync(this.fd, this.bytes, this.end, this.bytes.length - this.end, null);
      if (got === 0) this.atEof = true;
      this.end += got;
    }
  }
}
