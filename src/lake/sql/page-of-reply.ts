import type { QueryRequest, RowPage } from "./engine.ts";
import type { RunReply } from "./protocol.ts";
import { cutNote, notKept, type ResultSpool } from "./result-spool.ts";

/** The first page of a statement's result, whose further rows go to `kept`. */
export async function pageOfReply(
  reply: RunReply,
  { owner, maxKeptBytes }: QueryRequest,
  kept: ResultSpool,
  maxResultBytes: number,
): Promise<RowPage> {
  const { columns, more, totalRows, spool, reruns } = reply;
  const rows: unknown[][] = JSON.parse(reply.rowsJson);
  const total = {
    ...(totalRows === undefined ? {} : { totalRows }),
    ...(reruns > 0 ? { hydration: { reruns } } : {}),
  };
  if (!spool) return { columns, rows, more, ...total, notes: [] };
  const notes = spool.isCut && maxKeptBytes === undefined ? [cutNote(maxResultBytes, spool.rowCount)] : [];
  const handle = await kept.keep(spool, { columns, owner, notes, totalRows });
  if (handle === undefined) return { columns, rows, more, ...total, notes: [notKept] };
  return { columns, rows, more, handle, ...total, notes };
}
