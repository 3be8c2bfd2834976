import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../engine.ts";
import type { RunJob, RunReply } from "../protocol.ts";
import { rowTooLarge } from "./page.ts";
import { SpoolWriter } from "./spool-writer.ts";

/** What a run gives, beside what was found on the way. */
export type WrittenRows = Omit<RunReply, "prepared" | "reruns" | "isLimited">;

/** Takes rows in order: to the page while it has room, then, with the page's own, to the spool. */
export class PageWriter {
  rowCount = 0;
  private readonly lines: string[] = [];
  private pageBytes = 2;
  private isFull = false;
  private spool: SpoolWriter | undefined;
  private readonly columns: Column[];
  private readonly job: RunJob;

  private readonly spoolPath: string;

  /** `attempt` counts the runs of the job's statement: each has a spool of its own. */
  constructor(columns: Column[], job: RunJob, attempt: number) {
    this.columns = columns;
    this.job = job;
    this.spoolPath = join(job.folder, `rows-${attempt}.jsonl`);
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

  finish(isWhole: boolean): WrittenRows {
    return {
      columns: this.columns,
      rowsJson: `[${this.lines.join(",")}]`,
      more: this.isFull,
      ...(isWhole ? { totalRows: this.rowCount } : {}),
      ...(this.spool ? { spool: this.spool.finish(!isWhole) } : {}),
    };
  }

  /** Of a run that failed, or whose rows do not count. */
  abandon(): void {
    this.spool?.abandon();
    rmSync(this.spoolPath, { force: true });
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
    const spool = new SpoolWriter(this.spoolPath, this.job.maxKeptBytes);
    for (const line of this.lines) spool.add(line);
    return spool;
  }
}
