import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBType } from "@duckdb/node-api";
import type { Column } from "../engine.ts";
import type { RunJob } from "../protocol.ts";
import { vectorToJson } from "./json-values.ts";
import { PageWriter, type WrittenRows } from "./page-writer.ts";
import type { Report } from "./report.ts";
import { typeName } from "./type-name.ts";

/** Runs a job's statement in a database that is ready for it. `attempt` counts its runs, from 0. */
export async function runOnce(
  connection: DuckDBConnection,
  job: RunJob,
  report: Report,
  attempt: number,
): Promise<WrittenRows> {
  const result = await connection.stream(job.sql);
  const page = new PageWriter(columnsOf(result), job, attempt);
  try {
    return await collect(result, page, report);
  } catch (thrown) {
    page.abandon();
    throw thrown;
  } finally {
    await abandon(connection, result);
  }
}

/**
 * Ends a result that was not read to its end. Until then it keeps its instance alive, with its threads and
 * memory, whatever else is closed.
 */
async function abandon(connection: DuckDBConnection, result: DuckDBResult): Promise<void> {
  connection.interrupt();
  try {
    for (;;) {
      const chunk = await result.fetchChunk();
      if (!chunk || chunk.rowCount === 0) return;
    }
  } catch {
    // The interruption, or the fault that ended the result: both are told already.
  }
}

async function collect(result: DuckDBResult, page: PageWriter, report: Report): Promise<WrittenRows> {
  const types = result.columnTypes();
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) return page.finish(true);
    for (const row of rowsOf(chunk, types)) if (!page.add(row)) return page.finish(false);
    report.progress({ done: page.rowCount, message: "rows" });
  }
}

function columnsOf(result: DuckDBResult): Column[] {
  return result.columnTypes().map((type, index) => ({
    name: result.columnName(index),
    type: shortType(typeName(type)),
  }));
}

/** Enumerations of thousands of values would fill the page. */
function shortType(type: string): string {
  return type.length <= 1_000 ? type : `${type.slice(0, 1_000)}…`;
}

function* rowsOf(chunk: DuckDBDataChunk, types: readonly DuckDBType[]): Generator<unknown[]> {
  const items = types.map((type, at) => vectorToJson(chunk.getColumnVector(at), type));
  const { rowCount } = chunk;
  for (let row = 0; row < rowCount; row++) yield items.map((item) => item(row));
}
