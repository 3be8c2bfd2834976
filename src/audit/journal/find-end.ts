import { open } from "node:fs/promises";
import { genesis, type Head, openLine, type ReadRecord } from "../record/record.ts";
import type { Segment } from "./segments.ts";

/** Where a chain can go on. */
export interface ChainEnd {
  head: Head;
  /** UTC day of the last record, such as `2026-11-25`; empty for a chain without any. */
  day: string;
  /** File to append to; none where the chain has no file yet. */
  segment?: Segment;
  /** Bytes of whole lines in it. */
  wholeBytes: number;
  /** What a crash left behind the last whole line. */
  torn: Buffer;
}

/** A chain whose last record does not hold: it is left as it is, for whoever looks into it. */
export class DamagedChainError extends Error {}

/** More than any line has. */
const tailBytes = 256 * 1024;

/** Finds the end of a chain by the ends of its files alone. Throws `DamagedChainError`. */
export async function findEnd(segments: readonly Segment[]): Promise<ChainEnd> {
  const last = segments.at(-1);
  const end = await endOf(last);
  if (end.last !== undefined) return goOn(end, end.last, last);
  // The last file holds no whole line: it was made just before the crash, and the one before it ends the chain.
  const before = segments.at(-2);
  const { last: lineBefore } = await endOf(before);
  return goOn(end, lineBefore, last);
}

/** The last whole record of a file, where it holds. */
export async function lastRecordOf(segment: Segment): Promise<ReadRecord | undefined> {
  const { last } = await endOf(segment);
  return last === undefined ? undefined : openLine(last);
}

interface FileEnd {
  /** The last whole line. */
  last?: string;
  wholeBytes: number;
  torn: Buffer;
}

function goOn(
  { wholeBytes, torn }: FileEnd,
  line: string | undefined,
  segment: Segment | undefined,
): ChainEnd {
  const place = { wholeBytes, torn, ...(segment === undefined ? {} : { segment }) };
  if (line === undefined) {
    if (segment !== undefined && segment.firstSequence > 1) throw new DamagedChainError(segment.path);
    return { head: genesis, day: "", ...place };
  }
  const record = openLine(line);
  if (!record) throw new DamagedChainError(segment?.path);
  return { head: { sequence: record.sequence, hash: record.hash }, day: record.time.slice(0, 10), ...place };
}

async function endOf(segment: Segment | undefined): Promise<FileEnd> {
  if (segment === undefined) return { wholeBytes: 0, torn: Buffer.alloc(0) };
  const handle = await open(segment.path, "r");
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - tailBytes);
    const bytes = Buffer.alloc(size - start);
    await handle.read(bytes, 0, bytes.length, start);
    const lastBreak = bytes.lastIndexOf(0x0a);
    const whole = bytes.subarray(0, lastBreak + 1);
    const lineStart = whole.lastIndexOf(0x0a, Math.max(0, lastBreak - 1)) + 1;
    const torn = Buffer.from(bytes.subarray(lastBreak + 1));
    if (lastBreak < 0) return { wholeBytes: 0, torn };
    const from = lastBreak === 0 ? 0 : lineStart;
    return { last: whole.toString("utf8", from, lastBreak), wholeBytes: start + lastBreak + 1, torn };
  } finally {
    await handle.close();
  }
}
