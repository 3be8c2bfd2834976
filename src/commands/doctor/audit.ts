import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TableSettings } from "../../audit/settings.ts";
import type { Settings } from "../../config/schema.ts";
import { type Check, failed, ok, warning, wordsOf } from "./check.ts";

type AuditSettings = Settings["audit"];

/** Writes to the journal's and the anchors' folders, and asks the sinks. Of a table, reads it. None where no audit is set up. */
export async function checkAudit(audit: AuditSettings): Promise<Check[]> {
  const { journalDir, anchor, sinks, dynamodb, retentionDays } = audit;
  const { table, region, endpoint } = dynamodb;
  if (table !== undefined) return [await checkTable({ table, region, endpoint, retentionDays })];
  if (journalDir === undefined) return [];
  return [
    await checkFolder("audit journal", journalDir, "audit.journalDir"),
    anchor === undefined
      ? warning(
          "audit anchors",
          "there are none: an end of the journal that was cut off cannot be seen",
          "Set audit.anchor to a folder on another disk, of another owner.",
        )
      : await checkAnchor(anchor),
    ...(sinks.includes("postgresql") ? [await checkPostgresql(audit.postgresql)] : []),
  ];
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
async function checkAnchor(anchor: string): Promise<Check> {
  if (!anchor.startsWith("s3://")) return checkFolder("audit anchors", anchor, "audit.anchor");
  return ok("audit anchors", `${anchor}, which sluice audit verify reads`);
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

async function checkPostgresql({ url = "", schema }: AuditSettings["postgresql"]): Promise<Check> {
  const { checkPostgresqlSchema } = await import("../../audit/relay/check-postgresql.ts");
  const name = "audit sink postgresql";
  try {
    const missing = await checkPostgresqlSchema({ url, schema });
    if (missing === undefined) return ok(name, `records may be inserted into ${schema}`);
    return failed(name, missing, "Run sluice audit migrate, with audit.postgresql.ownerUrl set.");
  } catch (thrown) {
    return failed(name, wordsOf(thrown), "Start the database, or correct audit.postgresql.url.");
  }
}
