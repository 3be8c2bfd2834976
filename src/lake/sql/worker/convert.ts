import { closeSync, openSync } from "node:fs";
import { ToolError } from "../../../core/errors.ts";
import { openPipe } from "../pipe.ts";
import type { ConvertJob, ConvertReply } from "../protocol.ts";
import { PipeSeries } from "../scan/pipe-series.ts";
import { converterOf, type EngineReading, longestRecordBytes, usualRecordBytes } from "./converters.ts";
import { type Database, Instances, openDatabase } from "./database.ts";
import { identifier, list, literal } from "./quoting.ts";
import type { Report } from "./report.ts";
import { csvReader } from "./views.ts";

/**
 * Reads a text from a pipe once: finds types, rows and rejects, and writes the good records as Parquet at the job's
 * target. They reach the engine through further pipes, so that nothing lies on disk but the result. Throws
 * `too_large` with `longRecord` for a record that needs a job for long ones.
 */
export async function convertText(job: ConvertJob, report: Report): Promise<ConvertReply> {
  const database = await openDatabase(
    new Instances(),
    job,
    { files: [...job.goodPaths, job.targetPath] },
    async () => {},
  );
  const onProgress = (bytes: number) => report.progress({ done: bytes, message: "bytes of text read" });
  const { reading, scan } = converterOf(job.form);
  try {
    return await copyGood(database, job, reading, (pipes) => {
      const checkRecord = (sizeBytes: number) => {
        if (sizeBytes > usualRecordBytes && !job.hasLongRecords) throw longRecord(sizeBytes);
        pipes.nextRecord();
      };
      return scan(job.sourcePath, pipes, { checkRecord, onProgress });
    });
  } finally {
    database.close();
  }
}

async function copyGood<T>(
  { connection }: Database,
  job: ConvertJob,
  reading: EngineReading,
  scan: (pipes: PipeSeries) => T,
): Promise<T> {
  const gone = new AbortController();
  const copying = connection.run(copySql(job, reading));
  copying.catch((thrown: unknown) => gone.abort(thrown));
  const [first = ""] = job.goodPaths;
  const pipes = new PipeSeries(job.goodPaths, await blockingPipe(first, gone.signal), job.pieceBytes);
  let found: T;
  try {
    found = scan(pipes);
    pipes.finish();
  } catch (thrown) {
    pipes.abandon();
    // The target is the engine's until it is through. Where it reads no further it has failed, and says better why.
    const said = await copying.then(
      () => undefined,
      (reason: unknown) => ({ reason }),
    );
    throw said && (thrown as NodeJS.ErrnoException).code === "EPIPE" ? said.reason : thrown;
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
  { goodPaths, targetPath, rowGroupRows, hasLongRecords }: ConvertJob,
  { columnCount, ...marks }: EngineReading,
): string {
  // A record may be written anew with each of its quotes doubled.
  const maxLineBytes = 2 * (hasLongRecords ? longestRecordBytes : usualRecordBytes) + 1024;
  const columns = Array.from({ length: columnCount }, (_, at) => ({ name: `c${at}`, type: "VARCHAR" }));
  const reader = csvReader({
    paths: list(goodPaths.map(literal)),
    columns,
    ...marks,
    hasHeader: false,
    hasLineFeeds: true,
    isSplittable: false,
    maxLineBytes,
    bufferBytes: Math.max(8 << 20, maxLineBytes + 1024),
  });
  const selected = columns.map(({ name }) => identifier(name)).join(", ");
  return `COPY (SELECT ${selected} FROM ${reader}, hive_partitioning = false)) TO ${literal(targetPath)}
    (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${rowGroupRows}, USE_TMP_FILE false)`;
}
