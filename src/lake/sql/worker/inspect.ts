import { closeSync, openSync, readSync } from "node:fs";
import type { FileReads, InspectJob, InspectReply } from "../protocol.ts";
import { PlainCsv } from "../scan/plain-csv.ts";
import type { Instances } from "./database.ts";
import { provesDoubles } from "./prove-doubles.ts";
import type { Report } from "./report.ts";

/** Read and asked for at a time. */
const windowBytes = 4 << 20;
/** A line that is begun is kept until it ends. A longer one is left to the scan. */
const mostLineBytes = 1 << 20;
const lf = 10;
const cr = 13;
const lineEnd = Buffer.from("\r\n");

/** What a look at a file takes beside the job. */
export interface InspectTools {
  report: Report;
  fetch(reads: FileReads[], isCheck: boolean): Promise<number>;
  instances: Instances;
}

/**
 * Finds types, rows and how the engine is to read a CSV file, each part as soon as it is there. Null for a file that
 * only the scan can tell.
 */
export async function inspectCsv(
  job: InspectJob,
  { report, fetch, instances }: InspectTools,
): Promise<InspectReply> {
  const { path, uri, sizeBytes, dialect, columnCount } = job;
  const plain = new PlainCsv(dialect, columnCount);
  const fd = openSync(path, "r");
  try {
    const lines = new WholeLines(fd, sizeBytes);
    // What the engine makes of a byte-order mark before a first record is not relied upon.
    const take = (bytes: Buffer, from: number, to: number) =>
      (from === 0 || dialect.hasHeader) && plain.take(bytes, from, to);
    for (let start = 0; start < sizeBytes; start += windowBytes) {
      const end = Math.min(sizeBytes, start + windowBytes);
      if (job.isSparse) await fetch([{ table: 0, file: 0, offsets: [start, end] }], false);
      if (!lines.read(start, end, take)) return null;
      report.progress({ done: end, total: sizeBytes, message: `bytes of ${uri} read` });
    }
  } finally {
    closeSync(fd);
  }
  const { rowCount, types, hasReturns, hasQuotes, longestRecordBytes, unproved, quotedEmpties } =
    plain.facts();
  const prepared = {
    isCopy: false,
    hasHeader: dialect.hasHeader,
    hasLineFeeds: !hasReturns,
    isSplittable: !hasQuotes,
    longestRecordBytes,
    quotedEmpties,
  };
  if (unproved.length > 0 && !(await provesDoubles(instances, job, prepared, unproved))) return null;
  return { rowCount, types: types.map((type) => type.state()), prepared };
}

/** A file's lines by windows: what is begun in one is given out with the next. The last line is given an end. */
class WholeLines {
  private readonly buffer = Buffer.allocUnsafe(mostLineBytes + windowBytes + lineEnd.length);
  /** Bytes at the start of the buffer that are of a line whose end was not there yet. */
  private keptBytes = 0;
  /** Of the last line that ended. */
  private hasReturns = false;
  private readonly fd: number;
  private readonly sizeBytes: number;

  constructor(fd: number, sizeBytes: number) {
    this.fd = fd;
    this.sizeBytes = sizeBytes;
  }

  /** Takes in bytes `start` to `end`; false where the file has fewer, or a line is too long. */
  read(start: number, end: number, onLines: (bytes: Buffer, from: number, end: number) => boolean): boolean {
    const { buffer, fd } = this;
    let filled = this.keptBytes;
    for (let at = start; at < end; ) {
      const got = readSync(fd, buffer, filled, end - at, at);
      if (got === 0) return false;
      at += got;
      filled += got;
    }
    const before = filled === 0 ? -1 : buffer.lastIndexOf(lf, filled - 1);
    if (before > 0) this.hasReturns = buffer[before - 1] === cr;
    if (end === this.sizeBytes) filled = this.endLine(filled);
    const from = start === 0 && hasByteOrderMark(buffer, filled) ? 3 : 0;
    const linesEnd = filled === 0 ? 0 : buffer.lastIndexOf(lf, filled - 1) + 1;
    if (filled - linesEnd > mostLineBytes) return false;
    const isTaken = linesEnd <= from || onLines(buffer, from, linesEnd);
    buffer.copyWithin(0, linesEnd, filled);
    this.keptBytes = filled - linesEnd;
    return isTaken;
  }

  /** As the line before it has one. */
  private endLine(filled: number): number {
    const { buffer } = this;
    if (filled === 0 || buffer[filled - 1] === lf) return filled;
    const end = this.hasReturns ? lineEnd : lineEnd.subarray(1);
    return filled + end.copy(buffer, filled);
  }
}

function hasByteOrderMark(bytes: Buffer, end: number): boolean {
  return end >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf;
}
