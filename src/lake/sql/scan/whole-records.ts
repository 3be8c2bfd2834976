import type { CsvDialect } from "../../formats/format.ts";
import { CsvRecords } from "./csv-records.ts";

/**
 * Where the last record ends that is whole whatever follows `bytes`, which are cut somewhere. Records are told
 * apart as `CsvScan` does it. 0 where not even the lines above the table end.
 */
export function wholeRecordsEnd(bytes: Buffer, dialect: CsvDialect): number {
  const records = new CsvRecords(dialect);
  const { length } = bytes;
  let at = 0;
  for (let skipped = 0; skipped < dialect.skipLines; skipped++) {
    at = records.lineAfter(bytes, at, length, false);
    if (at < 0) return 0;
  }
  for (;;) {
    const state = records.read(bytes, at, length, false);
    if (state === "more" || state === "open_quote") return at;
    // A record that is none costs its line, and the next may be good.
    const next = state === "whole" ? records.next : records.lineAfter(bytes, at, length, false);
    if (next < 0) return at;
    at = next;
  }
}
