import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hasObjectLock } from "../../audit/anchors/object-lock.ts";
import type {
  AnchorSettings,
  AuditSettings,
  S3AnchorSettings,
  SinkSettings,
  TableAuditSettings,
  TableSettings,
} from "../../audit/settings.ts";
import { checkCloudwatch, checkPostgresql } from "./audit-sinks.ts";
import { type Check, failed, ok, warning, wordsOf } from "./check.ts";
import { isRefusal } from "./refusal.ts";

/**
 * Writes to the journal's and the anchors' folders, reads the table, and looks at the anchors' bucket and the sinks.
 * None where no audit is set up.
 */
export async function checkAudit(
  journal: AuditSettings | undefined,
  table: TableAuditSettings | undefined,
  { postgresql, cloudwatch }: SinkSettings,
): Promise<Check[]> {
  const place = journal ?? table;
  if (!place) return [];
  const { anchor, retentionDays } = place;
  return [
    ...(journal ? [await checkFolder("audit journal", journal.journalDir, "audit.journalDir")] : []),
    ...(table ? [await checkTable(table)] : []),
    await checkAnchor(anchor),
    ...(postgresql ? [await checkPostgresql(postgresql)] : []),
    ...(cloudwatch ? [await checkCloudwatch(cloudwatch, retentionDays)] : []),
  ];
}

const anchors = "audit anchors";

async function checkAnchor(anchor: AnchorSettings | undefined): Promise<Check> {
  if (anchor?.kind === "folder") return checkFolder(anchors, anchor.folder, "audit.anchor");
  if (anchor) return checkBucket(anchor);
  return warning(
    anchors,
    "there are none: an end of the records that was cut off cannot be seen",
    "Set audit.anchor to s3://bucket/prefix/ of a bucket with Object Lock, or to a folder on another disk, of another owner.",
  );
}

/** Nothing is written into it: a record that is none would stay. */
async function checkTable(settings: TableSettings): Promise<Check> {
  const { createAuditTable } = await import("../../audit/table/audit-table.ts");
  const table = createAuditTable(settings);
  try {
    await table.check();
    return ok("audit table", `${settings.table} answers`);
  } catch (thrown) {
    const mend =
      "Make the table as docs/audit.md says, and allow the server dynamodb:PutItem and dynamodb:GetItem on it.";
    return failed("audit table", wordsOf(thrown), mend);
  } finally {
    await table.close();
  }
}

/** What is anchored in S3 is there for years: it is not tried. */
async function checkBucket(anchor: S3AnchorSettings): Promise<Check> {
  const place = `s3://${anchor.bucket}/${anchor.prefix}`;
  if (anchor.lock === "none") {
    const mend = "Make a bucket with Object Lock, and set audit.anchorLock to compliance.";
    return warning(anchors, `${place} is not locked: whoever may write there may remove them`, mend);
  }
  try {
    if (await hasObjectLock(anchor)) return ok(anchors, `${place} has Object Lock`);
    const mend = `Turn Object Lock on for ${anchor.bucket}, or name another bucket; anchors are not written before that.`;
    return failed(anchors, `${place} has no Object Lock`, mend);
  } catch (thrown) {
    if (isRefusal(thrown)) {
      const mend = "Grant s3:GetBucketObjectLockConfiguration on it to whoever runs this.";
      return warning(anchors, `${place} may not be looked at (${wordsOf(thrown)})`, mend);
    }
    return failed(
      anchors,
      `${place}: ${wordsOf(thrown)}`,
      "Check audit.anchor, lake.s3.region and the network.",
    );
  }
}

async function checkFolder(name: string, folder: string, setting: string): Promise<Check> {
  const probe = join(folder, `doctor-${randomUUID()}`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(probe, "", { flag: "wx" });
    await rm(probe);
    return ok(name, `${folder} is writable`);
  } catch (thrown) {
    const mend = `Give this user the right to write there, free its disk, or set ${setting} to another folder.`;
    return failed(name, wordsOf(thrown), mend);
  }
}
