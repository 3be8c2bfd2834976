import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { listChains, listSegments, type Segment } from "../journal/segments.ts";
import { readLine } from "../record/record.ts";
import type { Position } from "../relay/position.ts";
import type { JournalLine } from "./read-journal.ts";
import { type Line, readLines } from "./read-lines.ts";

/** The end of a journal: its last records in the order of their times, and where each chain goes on. */
export interface JournalEnd {
  records: JournalLine[];
  /** By the chain's folder. */
  positions: Map<string, Position>;
}

/** Reads the last `count` records, from the ends of the files. */
export async function readLastRecords(dir: string, count: number): Promise<JournalEnd> {
  const records: JournalLine[] = [];
  const positions = new Map<string, Position>();
  for (const chain of await listChains(dir)) {
    const folder = join(dir, chain);
    const segments = await listSegments(folder);
    const { lines, endByte } = await lastLines(segments, count);
    const found = lines.flatMap((line) => {
      const record = readLine(line);
      return record ? [{ record, line }] : [];
    });
    records.push(...found);
    const last = segments.at(-1);
    const sequence = found.at(-1)?.record.sequence ?? 0;
    positions.set(folder, { segment: last ? basename(last.path) : "", endByte, sequence });
  }
  records.sort((a, b) => (a.record.time < b.record.time ? -1 : a.record.time > b.record.time ? 1 : 0));
  return { records: count > 0 ? records.slice(-count) : [], positions };
}

/** Whole lines at the end of a chain, and where the last of its files ends with one. */
async function lastLines(
  segments: readonly Segment[],
  count: number,
): Promise<{ lines: string[]; endByte: number }> {
  let lines: string[] = [];
  let endByte: number | undefined;
  for (const { path } of segments.toReversed()) {
    const found = await endOfFile(path, count - lines.length);
    endByte ??= found.at(-1)?.endByte ?? 0;
    lines = [...found.map(({ text }) => text), ...lines];
    if (lines.length >= count) break;
  }
  return { lines: lines.slice(Math.max(0, lines.length - count)), endByte: endByte ?? 0 };
}

const guessedLineBytes = 1_024;

async function endOfFile(path: string, count: number): Promise<Line[]> {
  const { size } = await stat(path);
  for (let window = (count + 1) * guessedLineBytes; ; window *= 4) {
    const start = Math.max(0, size - window);
    const lines: Line[] = [];
    for await (const line of readLines(path, start)) if (line.isWhole) lines.push(line);
    // The window began in the middle of its first line.
    if (start > 0) lines.shift();
    if (start === 0 || lines.length > count) return lines;
  }
}
