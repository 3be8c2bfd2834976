import { join } from "node:path";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult, DuckDBType } from "@duckdb/node-api";
import type { Column } from "../engine.ts";
import type { RunJob, RunReply } from "../protocol.ts";
import { openDatabase } from "./database.ts";
import { vectorToJson } from "./json-values.ts";
import { rowTooLarge } from "./page.ts";
import { prepareScans } from "./prepare-scans.ts";
import type { Report } from "./report.ts";
import { checkSessionNames } from "./session-columns.ts";
import { SpoolWriter } from "./spool-writer.ts";
import { typeName } from "./type-name.ts";
import { viewSql } from "./views.ts";

/** Runs one gated statement: the first page, and the rest into a spool file as far as that may grow. */
export async function runStatement(
  job: RunJob,
  sessionNames: readonly string[],
  report: Report,
): Promise<RunReply> {
  const { scans, prepared } = prepareScans(
    job.tables.map(({ scan }) => scan),
    report,
  );
  const files = scans.flatMap((scan) => scan.files.map((file) => file.prepared?.path ?? file.path));
  const database = await openDatabase(job, files, async (connection) => {
    for (const [index, { names }] of job.tables.entries()) {
      const scan = scans[index];
      if (!scan) continue;
      for (const name of names) await connection.run(viewSql(name, scan));
    }
    await checkSessionNames(connection, sessionNames);
  });
  try {
    const result = await database.connection.stream(job.sql);
    try {
      return { ...(await collect(result, job, report)), prepared };
    } finally {
      await abandon(database.connection, result);
    }
  } finally {
    database.close();
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

async function collect(
  result: DuckDBResult,
  job: RunJob,
  report: Report,
): Promise<Omit<RunReply, "prepared">> {
  const columns = columnsOf(result);
  const types = result.columnTypes();
  const page = new PageWriter(columns, job);
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

/** Takes rows in order: to the page while it has room, then, with the page's own, to the spool. */
class PageWriter {
  rowCount = 0;
  private readonly lines: string[] = [];
  private pageBytes = 2;
  private isFull = false;
  private spool: SpoolWriter | undefined;
  private readonly columns: Column[];
  private readonly job: RunJob;

  constructor(columns: Column[], job: RunJob) {
    this.columns = columns;
    this.job = job;
  }

  /** False when no further row can be taken; this one then was not. */
  add(row: unknown[]): boolean {
    const line = JSON.stringify(row);
    if (!this.isFull && this.addToPage(line, row)) return true;
    this.isFull = true;
    if (this.job.maxKeptBytes === 0) return false;
    this.spool ??= this.openSpool();
    if (!this.spool.add(line)) return false;
    this.rowCount++;
    return true;
  }

  finish(isWhole: boolean): Omit<RunReply, "prepared"> {
    return {
      columns: this.columns,
      rowsJson: `[${this.lines.join(",")}]`,
      more: this.isFull,
      ...(isWhole ? { totalRows: this.rowCount } : {}),
      ...(this.spool ? { spool: this.spool.finish(!isWhole) } : {}),
    };
  }

  private addToPage(line: string, row: unknown[]): boolean {
    const sizeBytes = Buffer.byteLength(line) + 1;
    const { maxRows, maxBytes } = this.job;
    if (this.lines.length === 0 && sizeBytes + 2 > maxBytes) {
      throw rowTooLarge(
        this.columns.map(({ name }) => name),
        row,
        maxBytes,
      );
    }
    if (this.lines.length >= maxRows || this.pageBytes + sizeBytes > maxBytes) return false;
    this.lines.push(line);
    this.pageBytes += sizeBytes;
    this.rowCount++;
    return true;
  }

  private openSpool(): SpoolWriter {
    const spool = new SpoolWriter(join(this.job.folder, "rows.jsonl"), this.job.maxKeptBytes);
    for (const line of this.lines) spool.add(line);
    return spool;
  }
}
