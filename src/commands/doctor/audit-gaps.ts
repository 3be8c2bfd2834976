import type { Settings } from "../../config/schema.ts";
import { anchoredInJournal, unrecordedWrites, unusedSink } from "../frame/audit-warnings.ts";
import { type Check, warning } from "./check.ts";

/** What the audit would not show as it is set up. */
export function checkAuditGaps(settings: Settings): Check[] {
  const gaps = [
    [unusedSink(settings), "Name it in audit.sinks, or take its settings away."],
    [
      anchoredInJournal(settings),
      "Set audit.anchor to a folder on another disk, of another owner, or to s3://bucket/prefix/.",
    ],
    [unrecordedWrites(settings), "Set audit.journalDir, or writes to off."],
  ] as const;
  return gaps.flatMap(([gap, mend]) => (gap === undefined ? [] : [warning("audit", gap, mend)]));
}
