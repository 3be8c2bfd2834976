import { randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ToolError } from "../../core/errors.ts";
import type { Column, RowPage } from "./engine.ts";
import type { RunReply } from "./protocol.ts";
import { rowTooLarge } from "./worker/page.ts";

type SpoolFile = NonNullable<RunReply["spool"]>;

interface Kept {
  file: SpoolFile;
  columns: Column[];
  owner: string;
  notes: string[];
  totalRows: number | undefined;
  expiresMs: number;
}

export interface SpoolOptions {
  folder: string;
  /** Bytes of all kept results. An owner's own longest unused make room, then others' that rest. */
  maxBytes: number;
  /** How long rows are kept after they were last walked. */
  keepMs: number;
  now(): number;
}

/** Results walked within this part of `keepMs` make room for no other owner's. */
const freshShare = 1 / 3;

/** Said of a result that `keep` had no room for. */
export const notKept =
  "The rows after this page were not kept, as others' results take all the room. Ask for less, or again in a few minutes.";

/** Said of a result of which the first rows alone are kept. */
export function cutNote(maxResultBytes: number, rowCount: number): string {
  return `The result is larger than lake.query.maxResultBytes (${maxResultBytes}); its first ${rowCount} rows are kept.`;
}

/** Rows of results that did not fit one page, on disk, to be walked by whoever asked for them. */
export class ResultSpool {
  private readonly kept = new Map<string, Kept>();
  private readonly options: SpoolOptions;

  constructor(options: SpoolOptions) {
    this.options = options;
  }

  /**
   * Takes over a worker's file. Answers with the handle, which cannot be guessed; undefined where there is no room
   * but what others are walking: the file is then left alone.
   */
  async keep(
    file: SpoolFile,
    facts: Pick<Kept, "columns" | "owner" | "notes" | "totalRows">,
  ): Promise<string | undefined> {
    await this.dropExpired();
    const leaving = this.leavingFor(file.sizeBytes, facts.owner);
    if (!leaving) return undefined;
    const { folder, keepMs, now } = this.options;
    const handle = randomBytes(24).toString("base64url");
    const path = join(folder, handle);
    // Counted at once, so that results that come at the same time do not take the same room.
    this.kept.set(handle, { ...facts, file: { ...file, path }, expiresMs: now() + keepMs });
    try {
      await Promise.all(leaving.map((one) => this.drop(one)));
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rename(file.path, path);
    } catch (thrown) {
      this.kept.delete(handle);
      throw thrown;
    }
    return handle;
  }

  /** One page from row `offset`. Throws `not_found` alike for every handle that is not this owner's to use. */
  async page(
    handle: string,
    offset: number,
    owner: string,
    bounds: { maxRows: number; maxBytes: number },
  ): Promise<RowPage> {
    await this.dropExpired();
    const kept = this.kept.get(handle);
    if (!kept || kept.owner !== owner) throw gone();
    if (!Number.isSafeInteger(offset) || offset < 0 || offset > kept.file.rowCount) {
      throw new ToolError(
        "invalid_input",
        `The result has ${kept.file.rowCount} rows; ${offset} is not among them.`,
      );
    }
    kept.expiresMs = this.options.now() + this.options.keepMs;
    const rows = await readRows(kept, offset, bounds);
    const more = offset + rows.length < kept.file.rowCount;
    return {
      columns: kept.columns,
      rows,
      more,
      ...(more ? { handle } : {}),
      ...(kept.totalRows === undefined ? {} : { totalRows: kept.totalRows }),
      notes: kept.notes,
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.kept.keys()].map((handle) => this.drop(handle)));
  }

  /** What has to go for so many bytes: the owner's own, longest unused first, then others' that nobody walks. */
  private leavingFor(sizeBytes: number, owner: string): string[] | undefined {
    const { maxBytes, keepMs, now } = this.options;
    const freshFromMs = now() + keepMs * (1 - freshShare);
    const byUse = [...this.kept].sort(([, left], [, right]) => left.expiresMs - right.expiresMs);
    const own = byUse.filter(([, kept]) => kept.owner === owner);
    const resting = byUse.filter(([, kept]) => kept.owner !== owner && kept.expiresMs < freshFromMs);
    const leaving: string[] = [];
    let usedBytes = byUse.reduce((sum, [, { file }]) => sum + file.sizeBytes, sizeBytes);
    for (const [handle, { file }] of [...own, ...resting]) {
      if (usedBytes <= maxBytes) break;
      usedBytes -= file.sizeBytes;
      leaving.push(handle);
    }
    return usedBytes <= maxBytes ? leaving : undefined;
  }

  private async dropExpired(): Promise<void> {
    const nowMs = this.options.now();
    for (const [handle, { expiresMs }] of this.kept) if (expiresMs <= nowMs) await this.drop(handle);
  }

  private async drop(handle: string): Promise<void> {
    const kept = this.kept.get(handle);
    this.kept.delete(handle);
    if (kept) await rm(kept.file.path, { force: true });
  }
}

async function readRows(
  { file, columns }: Kept,
  offset: number,
  { maxRows, maxBytes }: { maxRows: number; maxBytes: number },
): Promise<unknown[][]> {
  const rows: unknown[][] = [];
  if (offset >= file.rowCount) return rows;
  const mark = Math.floor(offset / file.rowsPerMark);
  let skip = offset - mark * file.rowsPerMark;
  let usedBytes = 2;
  const input = createReadStream(file.path, { start: file.marks[mark] ?? 0 });
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (skip-- > 0) continue;
      usedBytes += Buffer.byteLength(line) + 1;
      if (rows.length >= maxRows || (usedBytes > maxBytes && rows.length > 0)) break;
      const row: unknown[] = JSON.parse(line);
      if (usedBytes > maxBytes)
        throw rowTooLarge(
          columns.map(({ name }) => name),
          row,
          maxBytes,
        );
      rows.push(row);
    }
  } finally {
    input.destroy();
  }
  return rows;
}

function gone(): ToolError {
  return new ToolError("not_found", "These rows are no longer kept. Run the query again.");
}
