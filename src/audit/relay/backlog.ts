import { stat } from "node:fs/promises";
import { listSegments } from "../journal/segments.ts";
import { readLines } from "../read/read-lines.ts";
import { readLine } from "../record/record.ts";
import type { Position } from "./position.ts";

/** What a sink does not have yet. */
export interface Backlog {
  records: number;
  /** Of the journal's files. */
  bytes: number;
  /** Age of the oldest record. 0 where there is none. Milliseconds. */
  oldestMs: number;
}

/** A chain as far as a sink has it, and as far as it could have it. */
export interface ChainAtSink {
  folder: string;
  position: Position;
  through: number;
}

/** Looks at the files: the sizes of those that are not relayed, and one record of each chain. */
export async function measureBacklog(chains: Iterable<ChainAtSink>, nowMs: number): Promise<Backlog> {
  const sum: Backlog = { records: 0, bytes: 0, oldestMs: 0 };
  for (const chain of chains) {
    const records = chain.through - chain.position.sequence;
    if (records <= 0) continue;
    const { bytes, oldestAtMs } = await lookAhead(chain, nowMs);
    sum.records += records;
    sum.bytes += bytes;
    sum.oldestMs = Math.max(sum.oldestMs, nowMs - oldestAtMs);
  }
  return sum;
}

async function lookAhead({ folder, position }: ChainAtSink, nowMs: number) {
  let bytes = 0;
  let oldestAtMs: number | undefined;
  for (const { name, path } of await listSegments(folder)) {
    if (name < position.segment) continue;
    const startByte = name === position.segment ? position.endByte : 0;
    // A file that expired meanwhile is none.
    bytes += Math.max(0, (await stat(path).catch(() => ({ size: 0 }))).size - startByte);
    oldestAtMs ??= await firstTimeMs(path, startByte);
  }
  return { bytes, oldestAtMs: oldestAtMs ?? nowMs };
}

async function firstTimeMs(path: string, startByte: number): Promise<number | undefined> {
  for await (const { text } of readLines(path, startByte)) {
    const timeMs = Date.parse(readLine(text)?.time ?? "");
    if (!Number.isNaN(timeMs)) return timeMs;
  }
  return undefined;
}
