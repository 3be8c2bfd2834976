import { z } from "zod";
import { notesOut, pageOut } from "../../core/results.ts";
import type { DatasetRows } from "../../lake/lake.ts";

/** Rows given back when the caller names no limit. */
const defaultRows = 100;
/** Rows a call may ask for. */
const maxRows = 10_000;

/** Bounds of one page of rows. Spread into an input. */
export const rowPageInput = {
  limit: z.int().min(1).max(maxRows).default(defaultRows),
  cursor: z.string().max(4_096).optional(),
};

export const columnOut = z.object({ name: z.string(), type: z.string() });

/** Rows as arrays in column order. Spread into an output. */
export const rowsOut = {
  columns: z.array(columnOut),
  rows: z.array(z.array(z.unknown())),
  rejectedRows: z.int().optional().describe("Malformed rows left out"),
  rejects: z.array(z.looseObject({})).optional().describe("uri, line, reason, text"),
  ...pageOut,
  ...notesOut,
};

/** Fields of `rowsOut` that hold what objects say. */
export const untrustedRows = ["columns", "rows", "rejects"] as const;

/** A page as `rowsOut` has it. */
export function rowsResult(page: DatasetRows) {
  return {
    columns: page.columns,
    rows: page.rows,
    ...(page.rejectedCount > 0
      ? { rejectedRows: page.rejectedCount, rejects: page.rejects.map((reject) => ({ ...reject })) }
      : {}),
    truncated: page.more,
    ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    ...(page.notes.length > 0 ? { notes: page.notes } : {}),
  };
}
