import { closeSync, openSync } from "node:fs";
import { ToolError } from "../../../core/errors.ts";
import { openPipe } from "../pipe.ts";
import type { ConvertJob, ConvertReply } from "../protocol.ts";
import { RecordWriter } from "../scan/record-writer.ts";
import { converterOf, type EngineReading, longestRecordBytes, usualRecordBytes } from "./converters.ts";
import { type Database, Instances, openDatabase } from "./database.ts";
import { identifier, literal } from "./quoting.ts";
import type { Report } from "./report.ts";
import { csvReader } from "./views.ts";

/**
 * Reads a text from a pipe once: finds types, rows and rejects, and writes the good records as Parquet at the job's
 * target. They reach the engine through a second pipe, so that nothing lies on disk but the result. Throws
 * `too_large` with `longRecord` for a record that needs a job for long ones.
 */
export async function convertText(job: ConvertJob, report: Report): Promise<ConvertReply> {
  const database = await openDatabase(new Instances(), job, [job.goodPath, job.targetPath], async () => {});
  const checkRecord = (sizeBytes: number) => {
    if (sizeBytes > usualRecordBytes && !job.hasLongRecords) throw longRecord(sizeBytes);
  };
  const onProgress = (bytes: number) => report.progress({ done: bytes, message: "bytes of text read" });
  const { reading, scan } = converterOf(job.form);
  try {
    return await copyGood(database, job, reading, (writer) =>
      scan(job.sourcePath, writer, { checkRecord, onProgress }),
    );
  } finally {
    database.close();
  }
}

async function copyGood<T>(
  { connection }: Database,
  job: ConvertJob,
  reading: EngineReading,
  scan: (writer: RecordWriter) => T,
): Promise<T> {
  const gone = new AbortController();
  const copying = connection.run(copySql(job, reading));
  copying.catch((thrown: unknown) => gone.abort(thrown));
  const writer = new RecordWriter(job.goodPath, await blockingPipe(job.goodPath, gone.signal));
  let found: T;
  try {
    found = scan(writer);
    writer.close();
  } catch (thrown) {
    writer.abandon();
    // The engine reads no further only where it failed, and its reason is the better one.
    if ((thrown as NodeJS.ErrnoException).code === "EPIPE") await copying;
    throw thrown;
  }
  await copying;
  return found;
}

/** The engine has the other end open; from here on writes may wait for it. */
async function blockingPipe(path: string, signal: AbortSignal): Promise<number> {
  const unblocked = await openPipe(path, signal);
  const fd = openSync(path, "w");
  closeSync(unblocked);
  return fd;
}

function longRecord(sizeBytes: number): ToolError {
  return new ToolError("too_large", `A record has ${sizeBytes} bytes.`, { details: { longRecord: true } });
}

/** Zstandard: the file is written once and read often, and shares a cache. No temporary name, so that it is measured. */
function copySql(
  { goodPath, targetPath, rowGroupRows, hasLongRecords }: ConvertJob,
  { columnCount, ...marks }: EngineReading,
): string {
  // A record may be written anew with each of its quotes doubled.
  const maxLineBytes = 2 * (hasLongRecords ? longestRecordBytes : usualRecordBytes) + 1024;
  const columns = Array.from({ length: columnCount }, (_, at) => ({ name: `c${at}`, type: "VARCHAR" }));
  const reader = csvReader({
    paths: `[${literal(goodPath)}]`,
    columns,
    ...marks,
    hasHeader: false,
    hasLineFeeds: true,
    isSplittable: false,
    maxLineBytes,
    bufferBytes: Math.max(8 << 20, maxLineBytes + 1024),
  });
  const list = columns.map(({ name }) => identifier(name)).join(", ");
  return `COPY (SELECT ${list} FROM ${reader}, hive_partitioning = false)) TO ${literal(targetPath)}
    (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, USE_TMP_FILE false)`;
}
