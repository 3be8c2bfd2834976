import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import type { DatasetRows } from "../lake.ts";
import { callerOf, type LakeScope } from "../scope.ts";
import type { RowPage, SqlEngine } from "../sql/engine.ts";

/** A place in a dataset's rows: bound to what was asked and to the very version of every file. */
export const rowsPlace = {
  version: z.string(),
  /** Rows to skip. */
  offset: z.int().min(0),
  /** Rows that were read ahead, from the one numbered `start`. */
  kept: z
    .strictObject({
      handle: z.string(),
      start: z.int().min(0),
      /** As many of them are to be given out; one more may be kept, to show that it is there. */
      rowCount: z.int().min(1),
      /** No row follows them. */
      isLast: z.boolean(),
    })
    .optional(),
  /** The page before was read out of so many first bytes alone. */
  startBytes: z.int().min(1).optional(),
};

const place = z.strictObject(rowsPlace);

export type RowsPlace = z.output<typeof place>;

/** A page, and where the rows behind it begin, if there are any. */
export type PlacedRows = Omit<DatasetRows, "more" | "cursor"> & { next: RowsPlace | undefined };

const pagesAhead = 20;
const mostBytesAhead = 8 << 20;

/**
 * Rows one run gives. As many as it skips, so that a walk reads every row a few times, however long it is: to
 * skip all rows again for every page would take the square of their number.
 */
export function rowsAhead(offset: number, maxRows: number): number {
  return Math.max(pagesAhead * maxRows, offset);
}

/** Bytes of rows that are kept: some pages at least. */
export function bytesAhead(maxPageBytes: number): number {
  return Math.max(mostBytesAhead, 4 * maxPageBytes);
}

/** Whose the kept rows are: nobody else can read them, whatever the cursor says. */
export function ownerOf(scope: LakeScope): string {
  return JSON.stringify(["rows", ...callerOf(scope)]);
}

/** The page at `place` out of what was read ahead; none where that holds it no more. */
export async function keptPage(
  engine: SqlEngine,
  place: RowsPlace,
  { maxRows, maxBytes }: { maxRows: number; maxBytes: number },
  scope: LakeScope,
): Promise<PlacedRows | undefined> {
  const { kept, offset } = place;
  if (!kept || offset < kept.start || offset >= kept.start + kept.rowCount) return undefined;
  const bounds = { maxRows: Math.min(maxRows, kept.start + kept.rowCount - offset), maxBytes };
  try {
    const at = offset - kept.start;
    const {
      handle: _same,
      totalRows: _ofRun,
      ...page
    } = await engine.nextPage(kept.handle, at, ownerOf(scope), bounds);
    if (page.rows.length === 0) return undefined;
    return { ...page, next: placeBehind(page, place), rejectedCount: 0, rejects: [] };
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}

/** Where the rows behind a page begin that itself began at `place`; nowhere where it is the last. */
export function placeBehind(
  page: Pick<RowPage, "rows" | "more">,
  { kept, startBytes: _ofPageBefore, ...place }: RowsPlace,
): RowsPlace | undefined {
  if (!page.more && kept?.isLast !== false) return undefined;
  const offset = place.offset + page.rows.length;
  const isKept = kept !== undefined && page.more && offset < kept.start + kept.rowCount;
  return { ...place, offset, ...(isKept ? { kept } : {}) };
}
