import type { AnchorSettings } from "../../audit/settings.ts";
import { type AuditTable, createAuditTable } from "../../audit/table/audit-table.ts";
import { anchorSettingsOf, auditTableOf } from "../../audit-settings.ts";
import { ConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../config/load.ts";
import type { Settings } from "../../config/schema.ts";
import type { CommandContext } from "../frame/command.ts";

/** Settings of an audit that has a journal. */
export type JournalSettings = Settings["audit"] & { journalDir: string };

/** Where records are, by the settings: a journal or a table, and where its heads are anchored. */
export type RecordPlace = { settings: Settings; anchorSettings: AnchorSettings | undefined } & (
  | { journal: JournalSettings; table?: never }
  | { table: AuditTable; journal?: never }
);

/** Where records are. Throws `ConfigError` where none are kept. */
export async function loadRecordPlace({ argv, terminal }: CommandContext): Promise<RecordPlace> {
  const { settings } = await loadConfig({ argv, surroundings: terminal.surroundings });
  const { journalDir } = settings.audit;
  const table = auditTableOf(settings);
  const anchorSettings = anchorSettingsOf(settings);
  if (table) return { settings, anchorSettings, table: createAuditTable(table) };
  if (journalDir === undefined) {
    throw new ConfigError([
      "neither audit.journalDir nor audit.dynamodb.table is set: there are no audit records to read",
    ]);
  }
  return { settings, anchorSettings, journal: { ...settings.audit, journalDir } };
}
