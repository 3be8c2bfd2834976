import type { DuckDBConnection } from "@duckdb/node-api";
import type { FileReads } from "../../protocol.ts";
import { ReadList, type SparseTable } from "./sparse-tables.ts";

/** Has the engine write down every read of a file. Before the settings are locked. */
export async function startReadLog(connection: DuckDBConnection): Promise<void> {
  await connection.run("CALL enable_logging('FileSystem', level = 'trace')");
}

export async function clearReadLog(connection: DuckDBConnection): Promise<void> {
  await connection.run("CALL truncate_duckdb_logs()");
}

/** What was read of sparse files since the log was cleared. */
export async function readsOf(
  connection: DuckDBConnection,
  tables: readonly SparseTable[],
): Promise<FileReads[]> {
  const reader = await connection.runAndReadAll(`
    SELECT DISTINCT path, pos::BIGINT AS first, pos::BIGINT + bytes::BIGINT AS past
    FROM duckdb_logs_parsed('FileSystem') WHERE op = 'READ' ORDER BY ALL`);
  const reads = new ReadList();
  for (const [path, first, past] of reader.getRows()) {
    for (const { index, files } of tables) {
      const file = files.get(String(path));
      if (file !== undefined) reads.add(index, file, Number(first), Number(past));
    }
  }
  return reads.toArray();
}
