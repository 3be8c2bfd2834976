import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { exportPath, type FileReads, type RunJob, workerTemp } from "../../protocol.ts";
import { copyPathOf } from "../prepare-scans.ts";
import { ReadList, type SparseTable } from "./sparse-tables.ts";

/** Has the engine write down every read of a file. Before the settings are locked. */
export async function startReadLog(connection: DuckDBConnection): Promise<void> {
  await connection.run("CALL enable_logging('FileSystem', level = 'trace')");
}

export async function clearReadLog(connection: DuckDBConnection): Promise<void> {
  await connection.run("CALL truncate_duckdb_logs()");
}

/** The engine puts paths between the quotes as they are, whatever is in them. */
const read = /^\{"fs":"[^"]*","path":"([\s\S]*)","op":"READ","bytes":"(\d+)","pos":"(\d+)"\}$/;

/**
 * What was read of sparse files since the log was cleared. Throws where something was read that is no file of the job:
 * whether it was there is not known then.
 */
export async function readsOf(
  connection: DuckDBConnection,
  tables: readonly SparseTable[],
  job: Pick<RunJob, "folder" | "tables" | "exportTo">,
): Promise<FileReads[]> {
  const log = await connection.runAndReadAll("SELECT message FROM duckdb_logs() WHERE type = 'FileSystem'");
  const whole = new Set(
    job.tables.flatMap(({ scan }) => scan.files.flatMap(({ path }) => [path, copyPathOf(path)])),
  );
  const written = [
    join(job.folder, "temp"),
    workerTemp(process.cwd(), process.pid),
    ...(job.exportTo ? [exportPath(job.folder, job.exportTo.format)] : []),
  ];
  const isOfJob = (path: string) => whole.has(path) || written.some((start) => path.startsWith(start));
  const reads = new ReadList();
  const seen = new Set<string>();
  for (const [message] of log.getRows()) {
    const text = String(message);
    if (seen.has(text)) continue;
    seen.add(text);
    const [, path, bytes, first] = read.exec(text) ?? [];
    if (path === undefined) continue;
    let isSparse = false;
    for (const { index, files } of tables) {
      const file = files.get(path);
      if (file === undefined) continue;
      isSparse = true;
      reads.add(index, file, Number(first), Number(first) + Number(bytes));
    }
    if (!isSparse && !isOfJob(path)) throw new Error("A file was read that is not of the statement.");
  }
  return reads.toArray();
}
