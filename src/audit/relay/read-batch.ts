import { basename } from "node:path";
import { listSegments } from "../journal/segments.ts";
import { readLines } from "../read/read-lines.ts";
import { readLine } from "../record/record.ts";
import type { Position } from "./position.ts";
import type { RelayedRecord } from "./sink.ts";

/** The next records of a chain, and where the ones after them begin. */
export interface Batch {
  records: RelayedRecord[];
  next: Position;
}

const maxRecords = 1_000;
const maxChars = 2 * 1024 * 1024;

/**
 * Reads on from a position, through record `through` at most. Hashes are not looked at: a line that
 * does not hold is relayed as it is, for whoever looks at the sink should see it too. What is no record at all is passed over.
 */
export async function readBatch(folder: string, from: Position, through: number): Promise<Batch> {
  const records: RelayedRecord[] = [];
  let next = from;
  let chars = 0;
  for (const { path } of await listSegments(folder)) {
    const segment = basename(path);
    if (segment < from.segment) continue;
    for await (const { text, endByte, isWhole } of readLines(
      path,
      segment === from.segment ? from.endByte : 0,
    )) {
      if (!isWhole) break;
      const record = readLine(text);
      if (record && record.sequence > through) return { records, next };
      if (record) records.push({ record, line: text });
      next = { segment, endByte, sequence: record?.sequence ?? next.sequence };
      chars += text.length;
      if (records.length >= maxRecords || chars >= maxChars) return { records, next };
    }
  }
  return { records, next };
}
