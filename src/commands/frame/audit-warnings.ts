import { isAbsolute, relative, sep } from "node:path";
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
  const gaps = [unrecordedWrites, unanchored, anchoredInJournal, unusedSink];
  for (const warning of gaps.map((gapOf) => gapOf(settings)))
    if (warning !== undefined) log.warn("exposed", { warning });
}

function unanchored({ audit }: Recording): string | undefined {
  if (!isRecorded(audit) || audit.anchor !== undefined) return undefined;
  return "The audit has no anchors: an end of its records that was cut off cannot be seen. Set audit.anchor.";
}

/** Anchors that lie where the records do which they vouch for. */
export function anchoredInJournal({ audit: { journalDir, anchor } }: Recording): string | undefined {
  if (journalDir === undefined || anchor === undefined || /^s3:/i.test(anchor)) return undefined;
  const way = relative(journalDir, anchor);
  if (way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
  return "audit.anchor is a folder in audit.journalDir: whoever can rewrite the journal can rewrite its anchors with it, and nothing would be seen.";
}

/** A sink that was set up and not named. Records of a table are relayed by another process, which may name it. */
export function unusedSink({ audit }: Recording): string | undefined {
  const { journalDir, sinks, postgresql, cloudwatch } = audit;
  if (journalDir === undefined) return undefined;
  const isUnused = (sink: "postgresql" | "cloudwatch", place: string | undefined) =>
    place !== undefined && !sinks.includes(sink);
  const unused = [
    ...(isUnused("postgresql", postgresql.url) ? ["postgresql"] : []),
    ...(isUnused("cloudwatch", cloudwatch.logGroup) ? ["cloudwatch"] : []),
  ].join(", ");
  return unused === ""
    ? undefined
    : `audit.sinks does not name ${unused}, which is set up: no record goes there.`;
}

function isRecorded({ journalDir, dynamodb }: Settings["audit"]): boolean {
  return journalDir !== undefined || dynamodb.table !== undefined;
}
