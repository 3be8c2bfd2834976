import { statSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ToolError } from "../../../../core/errors.ts";
import { pastChunkBytes } from "../../../formats/parquet-tail.ts";
import type { FileReads, RunJob } from "../../protocol.ts";
import { type Chunk, partsOf } from "./chunks.ts";
import { clearReadLog, readsOf } from "./read-log.ts";
import { ReadList, type SparseTable } from "./sparse-tables.ts";

/** Asks the server for parts of files that will be read, or were; answers how many of them were not there. */
export type Fetch = (reads: FileReads[], isCheck?: boolean) => Promise<number>;

/** What was asked for could not be had. Why is known where it was asked. */
export class NotFetched extends Error {
  override readonly name = "NotFetched";
}

/** A statement's run over files of which only parts are there. */
export interface VerifiedRun<T> {
  connection: DuckDBConnection;
  job: RunJob;
  tables: readonly SparseTable[];
  fetch: Fetch;
  run: () => Promise<T>;
}

/** The last of them has every file whole. */
const maxReruns = 4;

/**
 * Runs a statement until every byte it read was there: an answer, or an error, made of a file's holes is thrown
 * away, what was missing is fetched, each time more generously, and the statement runs again.
 */
export async function runVerified<T>(verified: VerifiedRun<T>): Promise<{ value: T; reruns: number }> {
  const { connection, job, tables, fetch, run } = verified;
  for (let reruns = 0; ; reruns++) {
    await clearReadLog(connection);
    const outcome = await settled(run);
    const reads = await readsOf(connection, tables, job);
    if ((await fetch(reads, true)) === 0) {
      if ("thrown" in outcome) throw outcome.thrown;
      return { value: outcome.value, reruns };
    }
    if (reruns === maxReruns) throw new ToolError("internal", "What the statement reads could not be told.");
    await fetch(await moreThan(verified, reads, reruns));
  }
}

async function settled<T>(run: () => Promise<T>): Promise<{ value: T } | { thrown: unknown }> {
  try {
    return { value: await run() };
  } catch (thrown) {
    return { thrown };
  }
}

/** First the row groups that were touched, then the columns that were and all bloom filters, then the files, then all. */
async function moreThan(
  { connection, tables }: VerifiedRun<unknown>,
  reads: readonly FileReads[],
  reruns: number,
): Promise<FileReads[]> {
  const more = new ReadList();
  for (const table of tables) {
    const offsets = new Map(
      reads.flatMap(({ table: index, file, offsets }) =>
        index === table.index ? [[file, offsets] as const] : [],
      ),
    );
    const files = new Map([...table.files].filter(([, file]) => reruns >= 3 || offsets.has(file)));
    if (reruns >= 2) {
      for (const [path, file] of files) more.add(table.index, file, 0, statSync(path).size);
      continue;
    }
    const all = { columns: undefined, condition: undefined };
    const { chunks, blooms } = await partsOf(connection, { files, ...all }, reruns === 0 ? [] : [all]);
    const wanted = alikeTouched(chunks, offsets, reruns === 0 ? "rowGroup" : "column");
    for (const { file, start, end } of [...wanted, ...blooms]) more.add(table.index, file, start, end);
  }
  return more.toArray();
}

function alikeTouched(
  chunks: readonly Chunk[],
  offsets: ReadonlyMap<number, readonly number[]>,
  by: "rowGroup" | "column",
): Chunk[] {
  const touched = new Set<string>();
  const keyOf = (chunk: Chunk) => `${chunk.file}/${chunk[by]}`;
  for (const chunk of chunks) {
    const read = offsets.get(chunk.file) ?? [];
    const end = chunk.end - pastChunkBytes;
    if (read.some((offset, at) => at % 2 === 0 && offset >= chunk.start && offset < end))
      touched.add(keyOf(chunk));
  }
  return chunks.filter((chunk) => touched.has(keyOf(chunk)));
}
