import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { keptResults } from "../settings.ts";
import type { Column, RowPage } from "../sql/engine.ts";
import { cutNote, notKept, ResultSpool } from "../sql/result-spool.ts";
import { rowTooLarge } from "../sql/worker/page.ts";

/** A result as another system gives it, read once from its first row to its last. */
export interface ArrivingRows {
  columns: Column[];
  rows: AsyncIterable<readonly unknown[][]>;
  /** Rows of the whole result, where that is known. */
  totalRows?: number | undefined;
  notes: string[];
  owner: string;
}

export interface PageBounds {
  maxRows: number;
  maxBytes: number;
}

export interface KeptRowsOptions {
  /** Made when first needed; what is in it is this object's alone. */
  folder: string;
  /** Bytes of one result. */
  maxResultBytes: number;
  now(): number;
  newId(): string;
}

const keepMs = 15 * 60_000;
const rowsPerMark = 256;
const writeBytes = 256 * 1024;

/** Results of remote engines on local disk, for their owners to walk through by pages. */
export class KeptRows {
  private readonly spool: ResultSpool;
  private readonly options: KeptRowsOptions;

  constructor(options: KeptRowsOptions) {
    const { folder, maxResultBytes, now } = options;
    this.options = options;
    this.spool = new ResultSpool({
      folder: join(folder, "kept"),
      maxBytes: maxResultBytes * keptResults,
      keepMs,
      now,
    });
  }

  /** Takes in a whole result, and gives its first page; a handle where rows follow. Throws `too_large` for a row over the bound. */
  async firstPage(arriving: ArrivingRows, bounds: PageBounds): Promise<RowPage> {
    const { folder, maxResultBytes, newId } = this.options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const path = join(folder, newId());
    const file = await open(path, "wx", 0o600);
    try {
      const taken = await takeIn(arriving, bounds, {
        write: (bytes) => file.writeFile(bytes),
        maxResultBytes,
      });
      await file.close();
      return await this.pageOf(path, arriving, taken);
    } finally {
      await file.close().catch(() => {});
      await rm(path, { force: true });
    }
  }

  /** Throws `not_found` for a handle that expired, was never given out, or belongs to another owner. */
  nextPage(handle: string, offset: number, owner: string, bounds: PageBounds): Promise<RowPage> {
    return this.spool.page(handle, offset, owner, bounds);
  }

  async close(): Promise<void> {
    await this.spool.close();
    await rm(this.options.folder, { recursive: true, force: true });
  }

  private async pageOf(path: string, arriving: ArrivingRows, taken: Taken): Promise<RowPage> {
    const { columns, totalRows, owner } = arriving;
    const { page: rows, rowCount, sizeBytes, marks, isCut } = taken;
    const notes = [...arriving.notes, ...(isCut ? [cutNote(this.options.maxResultBytes, rowCount)] : [])];
    const total = totalRows === undefined || isCut ? {} : { totalRows };
    if (rows.length === rowCount) return { columns, rows, more: false, ...total, notes };
    const file = { path, sizeBytes, rowCount, marks, rowsPerMark, isCut };
    const handle = await this.spool.keep(file, { columns, owner, notes, totalRows: total.totalRows });
    if (handle === undefined) {
      return { columns, rows, more: true, ...total, notes: [...notes, notKept] };
    }
    return { columns, rows, more: true, handle, ...total, notes };
  }
}

interface Taken {
  page: unknown[][];
  rowCount: number;
  sizeBytes: number;
  /** Offset of every `rowsPerMark`-th row. */
  marks: number[];
  isCut: boolean;
}

/** Fills the first page and writes all rows, one JSON text a line, until the bound of a result. */
async function takeIn(
  { columns, rows }: ArrivingRows,
  { maxRows, maxBytes }: PageBounds,
  { write, maxResultBytes }: { write(bytes: Buffer): Promise<unknown>; maxResultBytes: number },
): Promise<Taken> {
  const taken: Taken = { page: [], rowCount: 0, sizeBytes: 0, marks: [], isCut: false };
  let pageBytes = 2;
  let isPageFull = false;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const flush = async () => {
    if (waiting.length > 0) await write(Buffer.concat(waiting));
    waiting = [];
    waitingBytes = 0;
  };
  for await (const some of rows) {
    for (const row of some) {
      const line = Buffer.from(`${JSON.stringify(row)}\n`);
      if (taken.sizeBytes + line.length > maxResultBytes && taken.rowCount > 0) {
        taken.isCut = true;
        break;
      }
      pageBytes += line.length;
      isPageFull ||= taken.page.length >= maxRows || (pageBytes > maxBytes && taken.page.length > 0);
      if (!isPageFull && pageBytes > maxBytes)
        throw rowTooLarge(
          columns.map(({ name }) => name),
          row,
          maxBytes,
        );
      if (!isPageFull) taken.page.push(row);
      if (taken.rowCount % rowsPerMark === 0) taken.marks.push(taken.sizeBytes);
      taken.rowCount++;
      taken.sizeBytes += line.length;
      waiting.push(line);
      waitingBytes += line.length;
      if (waitingBytes >= writeBytes) await flush();
    }
    if (taken.isCut) break;
  }
  await flush();
  return taken;
}
