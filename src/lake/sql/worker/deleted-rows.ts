import { readFileSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { rowsOfBitmap } from "../../delta/roaring.ts";
import type { JobFile } from "../protocol.ts";
import { list, literal } from "./quoting.ts";

/**
 * Fills a table with the deleted rows of all files: the number of the file's partition, which is its alone, and the
 * row's. Throws `invalid_input` for what does not tell of deleted rows.
 */
export async function fillDeleted(
  connection: DuckDBConnection,
  table: string,
  files: readonly JobFile[],
): Promise<void> {
  if (!files.some(({ deleted }) => deleted)) return;
  await connection.run(`CREATE TABLE ${table} (file BIGINT, row BIGINT)`);
  await fillFromBitmaps(connection, table, files);
  await fillFromDeletes(connection, table, files);
}

async function fillFromBitmaps(
  connection: DuckDBConnection,
  table: string,
  files: readonly JobFile[],
): Promise<void> {
  const appender = await connection.createAppender(table);
  try {
    for (const { deleted, partition, uri } of files) {
      if (!deleted || !("rowCount" in deleted)) continue;
      let rowCount = 0;
      for (const row of rowsOf(deleted.path, uri)) {
        appender.appendBigInt(BigInt(partition));
        appender.appendBigInt(BigInt(row));
        appender.endRow();
        rowCount++;
      }
      if (rowCount !== deleted.rowCount)
        throw damaged(uri, `it has ${rowCount} rows in place of ${deleted.rowCount}`);
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
}

/** By files that name rows by their data file's path, which may be of several data files. */
async function fillFromDeletes(
  connection: DuckDBConnection,
  table: string,
  files: readonly JobFile[],
): Promise<void> {
  const named = files.flatMap(({ deleted, partition }) =>
    deleted && "paths" in deleted
      ? deleted.paths.map((path) => ({ path, filePath: deleted.filePath, partition }))
      : [],
  );
  if (named.length === 0) return;
  await connection.run(`CREATE TABLE ${table}_by (path VARCHAR, file_path VARCHAR, file BIGINT)`);
  const appender = await connection.createAppender(`${table}_by`);
  try {
    for (const { path, filePath, partition } of named) {
      appender.appendVarchar(path);
      appender.appendVarchar(filePath);
      appender.appendBigInt(BigInt(partition));
      appender.endRow();
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
  const paths = [...new Set(named.map(({ path }) => path))];
  try {
    await connection.run(`
      INSERT INTO ${table} SELECT DISTINCT named.file, deleted.pos::BIGINT
      FROM read_parquet(${list(paths.map(literal))}, filename = 'delete_path', union_by_name = true, hive_partitioning = false) AS deleted
      JOIN ${table}_by AS named ON named.path = deleted.delete_path AND named.file_path = deleted.file_path`);
  } catch (cause) {
    throw new ToolError(
      "invalid_input",
      "A file of the table that should name its deleted rows (file_path, pos) cannot be read as one. Nothing of the table is read.",
      { cause },
    );
  }
}

function* rowsOf(path: string, uri: string): Generator<number> {
  try {
    yield* rowsOfBitmap(readFileSync(path));
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw damaged(uri, thrown.message);
  }
}

function damaged(uri: string, what: string): ToolError {
  return new ToolError(
    "invalid_input",
    `The deletion vector of ${uri} is damaged: ${what}. Nothing of the table is read.`,
  );
}
