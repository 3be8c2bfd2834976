import type { AnchorSettings } from "../../audit/settings.ts";
import { type AuditTable, createAuditTable } from "../../audit/table/audit-table.ts";
import { anchorSettingsOf, auditTableOf } from "../../audit-settings.ts";
import { ConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../config/load.ts";
import type { Settings } from "../../config/schema.ts";
import type { CommandContext } from "../frame/command.ts";

/** Settings of an audit that has a journal. */
export type JournalSettings = Settings["audit"] & {
  journalDir: string;
  anchorSettings: AnchorSettings | undefined;
};

/** Where records are, by the settings: a journal or a table. */
export type RecordPlace = { settings: Settings } & (
  | { journal: JournalSettings; table?: never }
  | { table: AuditTable; journal?: never }
);

/** Where records are. Throws `ConfigError` where none are kept. */
export async function loadRecordPlace({ argv, terminal }: CommandContext): Promise<RecordPlace> {
  const { settings } = await loadConfig({ argv, surroundings: terminal.surroundings });
  const { journalDir } = settings.audit;
  const table = auditTableOf(settings);
  if (table) return { settings, table: createAuditTable(table) };
  if (journalDir === undefined) {
    throw new ConfigError([
      "neither audit.journalDir nor audit.dynamodb.table is set: there are no audit records to read",
    ]);
  }
  const anchorSettings = anchorSettingsOf(settings);
  return { settings, journal: { ...settings.audit, journalDir, anchorSettings } };
}

/** The settings of an audit with a journal. Throws `ConfigError` where none is set up. */
export async function loadJournalSettings(context: CommandContext): Promise<JournalSettings> {
  const { journal } = await loadRecordPlace(context);
  if (journal) return journal;
  throw new ConfigError(["audit.journalDir is not set: what is relayed is a journal"]);
}
