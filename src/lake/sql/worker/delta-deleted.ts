import { readFileSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { ToolError } from "../../../core/errors.ts";
import { rowsOfBitmap } from "../../delta/roaring.ts";
import type { JobFile } from "../protocol.ts";

/** Fills a table with the deleted rows of all files: the number of the file's partition, which is its alone, and the row's. */
export async function fillDeleted(
  connection: DuckDBConnection,
  table: string,
  files: readonly JobFile[],
): Promise<void> {
  if (!files.some(({ deleted }) => deleted)) return;
  await connection.run(`CREATE TABLE ${table} (file BIGINT, row BIGINT)`);
  const appender = await connection.createAppender(table);
  try {
    for (const { deleted, partition, uri } of files) {
      if (!deleted) continue;
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
