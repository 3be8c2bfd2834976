import type { Deps } from "../../assemble.ts";
import type { Settings } from "../../config/schema.ts";

type Recording = Pick<Settings, "writes" | "audit">;

/** What is wrong where calls may change things and none is on record. Undefined where nothing is. */
export function unrecordedWrites({ writes, audit }: Recording): string | undefined {
  if (writes === "off" || isRecorded(audit)) return undefined;
  return `writes is ${writes}, and no call is recorded: set audit.journalDir or audit.dynamodb.table.`;
}

/** Logs once what the audit of a server does not show. */
export function warnOfAuditGaps({ settings, log }: Pick<Deps, "settings" | "log">): void {
  for (const warning of [unrecordedWrites(settings), unanchored(settings)])
    if (warning !== undefined) log.warn("exposed", { warning });
}

function unanchored({ audit }: Recording): string | undefined {
  if (!isRecorded(audit) || audit.anchor !== undefined) return undefined;
  return "The audit has no anchors: an end of its records that was cut off cannot be seen. Set audit.anchor.";
}

function isRecorded({ journalDir, dynamodb }: Settings["audit"]): boolean {
  return journalDir !== undefined || dynamodb.table !== undefined;
}
