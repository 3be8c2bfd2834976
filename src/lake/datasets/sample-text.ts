import { type FileHandle, open } from "node:fs/promises";
import { ToolError } from "../../core/errors.ts";
import type { ObjectCache } from "../cache/cache.ts";
import type { LakeScope } from "../scope.ts";
import type { Scan } from "../sql/engine.ts";
import type { Pins } from "./pins.ts";
import type { PlainFile } from "./plain-table.ts";

type CsvScan = Extract<Scan, { format: "csv" }>;

const lf = 10;
/** Taken in one piece: some hundred lines and more, of which the first and the last are cut off. */
const sliceBytes = 256 << 10;
const linesPerSlice = 8;

/**
 * Some of the lines of CSV files of simple form, from places all over each, as files of their own in the cache: to ask
 * them costs a small part of what it costs to take all lines apart for it. `share`: of all lines, from 0 to 1. Undefined
 * where the cache has no room for them.
 */
export async function sampleText(
  cache: Pick<ObjectCache, "derived">,
  scan: CsvScan,
  files: readonly PlainFile[],
  share: number,
  pins: Pins,
  scope: LakeScope,
): Promise<CsvScan | undefined> {
  try {
    const sampled: CsvScan["files"] = [];
    for (const file of files) {
      const { path, release } = await cache.derived(
        file.file.object,
        `lines-v1-${share.toPrecision(3)}-${file.inspected.prepared.hasHeader}`,
        async (targetPath, signal) => {
          await writeSample(file, targetPath, share, signal);
          await file.raw.verify?.();
        },
        scope,
      );
      pins.add(release);
      const { object, partition } = file.file;
      sampled.push({ path, uri: object.uri, partition, inPlace: file.inspected.prepared });
    }
    return { ...scan, files: sampled };
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "too_large") return undefined;
    throw thrown;
  }
}

/** The header's line, and the whole lines of pieces that lie evenly over the file. */
async function writeSample(
  { raw, inspected: { prepared } }: PlainFile,
  targetPath: string,
  share: number,
  signal: AbortSignal,
): Promise<void> {
  const { sizeBytes } = raw;
  const { hasHeader, longestRecordBytes } = prepared;
  const pieceBytes = Math.max(sliceBytes, linesPerSlice * longestRecordBytes);
  const count = Math.max(1, Math.round((share * sizeBytes) / pieceBytes));
  const source = await open(raw.path, "r");
  const target = await open(targetPath, "w", 0o600);
  try {
    let dataStart = 0;
    if (hasHeader) {
      const first = await readAt(source, 0, longestRecordBytes + pieceBytes);
      dataStart = first.indexOf(lf) + 1;
      await target.write(first.subarray(0, dataStart));
    }
    for (let at = 0; at < count; at++) {
      signal.throwIfAborted();
      const start = dataStart + Math.floor(((sizeBytes - dataStart) * at) / count);
      await target.write(await wholeLines(source, start, pieceBytes, start === dataStart));
    }
  } finally {
    await target.close();
    await source.close();
  }
}

/** Lines that begin and end within a piece. What begins at `start` does so only where `isLineStart`. */
async function wholeLines(source: FileHandle, start: number, bytes: number, isLineStart: boolean) {
  const piece = await readAt(source, start, bytes);
  const from = isLineStart ? 0 : piece.indexOf(lf) + 1;
  const end = piece.lastIndexOf(lf) + 1;
  return from > 0 || isLineStart ? piece.subarray(from, Math.max(from, end)) : piece.subarray(0, 0);
}

async function readAt(source: FileHandle, start: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await source.read(buffer, 0, bytes, start);
  return buffer.subarray(0, bytesRead);
}
