import type { RejectedRow } from "../lake.ts";
import type { OpenTable } from "./with-tables.ts";

/** Rejects shown in one answer. All are counted. */
const maxShown = 10;

const otherEncoding =
  "rows that are not valid UTF-8 were rejected; if the file is in another encoding, say so with the argument encoding";

/** Malformed rows of all tables: how many, and the first of them. Tables on one dataset count once. */
export function rejectedRows(tables: readonly OpenTable[]): {
  rejectedCount: number;
  rejects: RejectedRow[];
} {
  const analyses = new Map(
    tables.flatMap(({ dataset, analysis }) => (analysis ? [[dataset.version, analysis]] : [])),
  );
  const found = [...analyses.values()];
  return {
    rejectedCount: found.reduce((sum, { rejectedCount }) => sum + rejectedCount, 0),
    rejects: found
      .flatMap(({ rejects }) => rejects)
      .slice(0, maxShown)
      .map((reject) => ({ ...reject, text: reject.text.replace(/(?<![\r\n])[\r\n]+$/, "") })),
  };
}

/** What a reader must know of the tables, once each. */
export function tableNotes(tables: readonly OpenTable[]): string[] {
  const notes = tables.flatMap(({ dataset, notes, analysis }) => {
    const isDamaged = analysis?.rejects.some(({ reason }) => reason === "not valid UTF-8");
    const all = [...dataset.notes, ...notes, ...(isDamaged ? [otherEncoding] : [])];
    return tables.length === 1 ? all : all.map((note) => `${dataset.uri}: ${note}`);
  });
  return [...new Set(notes)];
}
