import { closeSync, openSync } from "node:fs";
import { ToolError } from "../../../core/errors.ts";
import { openPipe } from "../pipe.ts";
import type { ConvertJob, ConvertReply } from "../protocol.ts";
import type { CsvRecords } from "../scan/csv-records.ts";
import { type CsvFacts, CsvScan } from "../scan/csv-scan.ts";
import { FieldTypes } from "../scan/field-types.ts";
import { recordCopier } from "../scan/prepare-csv.ts";
import { hasOneLineEnd } from "../scan/prepared.ts";
import { RecordWriter } from "../scan/record-writer.ts";
import { type Database, type Instances, openDatabase } from "./database.ts";
import { identifier, literal } from "./quoting.ts";
import type { Report } from "./report.ts";
import { csvReader } from "./views.ts";

/** Records that the engine is told to expect, unless the job says that longer ones come. */
const usualRecordBytes = 1 << 20;
const longestRecordBytes = 16 << 20;

/**
 * Reads CSV from a pipe once: finds types, rows and rejects, and writes the good records as Parquet at the job's
 * target, each column as the text of its fields. The scan's good records reach the engine through a second pipe,
 * so that nothing lies on disk but the result. Throws `too_large` with `longRecord` for a record that needs a job
 * for long ones.
 */
export async function convertText(
  instances: Instances,
  job: ConvertJob,
  report: Report,
): Promise<ConvertReply> {
  const database = await openDatabase(instances, job, [job.goodPath, job.targetPath], async () => {});
  try {
    const types = Array.from({ length: job.columnCount }, () => new FieldTypes());
    const facts = await copyGood(database, job, types, report);
    return {
      rowCount: facts.rowCount,
      rejectedCount: facts.rejects.count,
      rejects: facts.rejects.first,
      types: types.map((one) => one.state()),
      hasMixedLineEnds: !hasOneLineEnd(facts.lineEnds),
    };
  } finally {
    database.close();
  }
}

async function copyGood(
  { connection }: Database,
  job: ConvertJob,
  types: readonly FieldTypes[],
  report: Report,
): Promise<CsvFacts> {
  const gone = new AbortController();
  const copying = connection.run(copySql(job));
  copying.catch((thrown: unknown) => gone.abort(thrown));
  const writer = new RecordWriter(job.goodPath, await blockingPipe(job.goodPath, gone.signal));
  let facts: CsvFacts;
  try {
    facts = scanInto(writer, job, types, report);
    writer.close();
  } catch (thrown) {
    writer.abandon();
    // The engine reads no further only where it failed, and its reason is the better one.
    if ((thrown as NodeJS.ErrnoException).code === "EPIPE") await copying;
    throw thrown;
  }
  await copying;
  return facts;
}

/** The engine has the other end open; from here on writes may wait for it. */
async function blockingPipe(path: string, signal: AbortSignal): Promise<number> {
  const unblocked = await openPipe(path, signal);
  const fd = openSync(path, "w");
  closeSync(unblocked);
  return fd;
}

function scanInto(
  writer: RecordWriter,
  { sourcePath, dialect, columnCount, hasLongRecords }: ConvertJob,
  types: readonly FieldTypes[],
  report: Report,
): CsvFacts {
  const copy = recordCopier(writer, dialect);
  const onRecord = (bytes: Uint8Array, records: CsvRecords) => {
    const sizeBytes = records.next - (records.bounds[0] ?? 0);
    if (sizeBytes > usualRecordBytes && !hasLongRecords) throw longRecord(sizeBytes);
    copy(bytes, records);
  };
  const onProgress = (bytes: number) => report.progress({ done: bytes, message: "bytes of text read" });
  const fd = openSync(sourcePath, "r");
  try {
    return new CsvScan(fd, { dialect, columnCount, types, onRecord, onProgress }).run();
  } finally {
    closeSync(fd);
  }
}

function longRecord(sizeBytes: number): ToolError {
  return new ToolError("too_large", `A record has ${sizeBytes} bytes.`, { details: { longRecord: true } });
}

/** Zstandard: the file is written once and read often, and shares a cache. No temporary name, so that it is measured. */
function copySql({
  goodPath,
  targetPath,
  dialect,
  columnCount,
  rowGroupRows,
  hasLongRecords,
}: ConvertJob): string {
  // A record may be written anew with each of its quotes doubled.
  const maxLineBytes = 2 * (hasLongRecords ? longestRecordBytes : usualRecordBytes) + 1024;
  const columns = Array.from({ length: columnCount }, (_, at) => ({ name: `c${at}`, type: "VARCHAR" }));
  const reader = csvReader({
    paths: `[${literal(goodPath)}]`,
    columns,
    separator: dialect.separator,
    quote: dialect.quote,
    escape: dialect.escape,
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
