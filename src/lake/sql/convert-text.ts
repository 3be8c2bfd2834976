import { join } from "node:path";
import { ToolError } from "../../core/errors.ts";
import type { ConvertedText, ConvertRequest, SqlScope } from "./engine.ts";
import { type JobFolder, makeJobFolder } from "./job-folder.ts";
import { feedPipe, makePipes } from "./pipe.ts";
import { type ConvertJob, convertReply, type JobLimits } from "./protocol.ts";

/** What a conversion takes of the engine. */
export interface ConvertDeps {
  folder: string;
  limits: Omit<JobLimits, "folder">;
  /** Bytes of text the engine is given in one piece. */
  pieceBytes?: number | undefined;
  run(job: ConvertJob, scope: SqlScope): Promise<unknown>;
}

/** Of the engine: some buffers of text and the row group in the making. */
const enoughMemoryBytes = 128 << 20;
/** The engine keeps the text of a pipe in memory, or in temporary files, until it has read all of it. */
const defaultPieceBytes = 32 << 20;
const maxPieces = 4_000;
/** Text in memory of one row group of what is written. */
const rowGroupBytes = 32 << 20;
/** The engine works by vectors of so many rows, and its own row groups have sixty of them. */
const vectorRows = 2_048;

/** Streams a text through a worker into a Parquet file. Long records are met rarely, and take a second read. */
export async function convertThroughWorker(
  deps: ConvertDeps,
  request: ConvertRequest,
  scope: SqlScope,
): Promise<ConvertedText> {
  try {
    return await convertOnce(deps, request, false, scope);
  } catch (thrown) {
    if (!(thrown instanceof ToolError) || thrown.details.longRecord !== true) throw thrown;
    return convertOnce(deps, request, true, scope);
  }
}

async function convertOnce(
  deps: ConvertDeps,
  request: ConvertRequest,
  hasLongRecords: boolean,
  scope: SqlScope,
): Promise<ConvertedText> {
  const folder = await makeJobFolder(deps.folder);
  try {
    const job = jobOf(deps, request, hasLongRecords, folder);
    await makePipes([job.sourcePath, ...job.goodPaths]);
    return convertReply.parse(await runFed(deps, job, request.text, scope));
  } finally {
    await folder.remove();
  }
}

function jobOf(
  { limits, pieceBytes = defaultPieceBytes }: ConvertDeps,
  { uri, targetPath, form, mostTextBytes, averageRecordBytes }: ConvertRequest,
  hasLongRecords: boolean,
  { path }: JobFolder,
): ConvertJob {
  const pieces = Math.min(maxPieces, Math.ceil(mostTextBytes / pieceBytes) + 1);
  const vectors = Math.floor(rowGroupBytes / Math.max(1, averageRecordBytes) / vectorRows);
  const rowGroupRows = vectorRows * (hasLongRecords ? 1 : Math.min(60, Math.max(1, vectors)));
  return {
    kind: "convert",
    sourcePath: join(path, "source"),
    goodPaths: Array.from({ length: pieces }, (_, at) => join(path, `good-${at}`)),
    pieceBytes,
    folder: path,
    ...limits,
    memoryBytes: Math.min(limits.memoryBytes, enoughMemoryBytes),
    threads: 1,
    uri,
    targetPath,
    form,
    rowGroupRows,
    hasLongRecords,
  };
}

/** The job, with its text fed to it. An end of the text that is none makes the job succeed with a part of it. */
async function runFed(
  { run }: ConvertDeps,
  job: ConvertJob,
  text: ConvertRequest["text"],
  scope: SqlScope,
): Promise<unknown> {
  const over = new AbortController();
  const signal = AbortSignal.any([scope.signal, over.signal]);
  let fault: { thrown: unknown } | undefined;
  const feeding = feedPipe(text(signal), job.sourcePath, signal).catch((thrown: unknown) => {
    // What is said after the job failed follows from that.
    if (!over.signal.aborted && !isBrokenPipe(thrown)) fault = { thrown };
  });
  try {
    const reply = await run(job, scope);
    await feeding;
    if (!fault) return reply;
  } catch (thrown) {
    fault ??= { thrown };
  } finally {
    over.abort(new ToolError("timeout", "Nobody reads this text any more."));
    await feeding;
  }
  throw fault.thrown;
}

function isBrokenPipe(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EPIPE";
}
