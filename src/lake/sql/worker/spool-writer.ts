import type { RunReply } from "../protocol.ts";
import { RecordWriter } from "../scan/record-writer.ts";

const rowsPerMark = 256;

/** Writes rows to a file, one JSON text a line, and notes where every 256th begins. */
export class SpoolWriter {
  private readonly writer: RecordWriter;
  private readonly marks: number[] = [];
  private rowCount = 0;
  private sizeBytes = 0;
  private readonly path: string;
  private readonly maxBytes: number;

  constructor(path: string, maxBytes: number) {
    this.path = path;
    this.maxBytes = maxBytes;
    this.writer = new RecordWriter(path);
  }

  /** False where the row would take the file past its bound; it is then not written. */
  add(line: string): boolean {
    const bytes = Buffer.from(`${line}\n`);
    if (this.sizeBytes + bytes.length > this.maxBytes && this.rowCount > 0) return false;
    if (this.rowCount % rowsPerMark === 0) this.marks.push(this.sizeBytes);
    this.writer.write(bytes, 0, bytes.length);
    this.sizeBytes += bytes.length;
    this.rowCount++;
    return true;
  }

  finish(isCut: boolean): NonNullable<RunReply["spool"]> {
    this.writer.close();
    const { path, sizeBytes, rowCount, marks } = this;
    return { path, sizeBytes, rowCount, marks, rowsPerMark, isCut };
  }

  /** What was written is of no use. */
  abandon(): void {
    this.writer.abandon();
  }
}
