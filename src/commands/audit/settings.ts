import type { AnchorSettings } from "../../audit/settings.ts";
import { anchorSettingsOf } from "../../audit-settings.ts";
import { ConfigError } from "../../config/config-error.ts";
import { loadConfig } from "../../config/load.ts";
import type { Settings } from "../../config/schema.ts";
import type { CommandContext } from "../frame/command.ts";

/** Settings of an audit that has a journal. */
export type JournalSettings = Settings["audit"] & {
  journalDir: string;
  anchorSettings: AnchorSettings | undefined;
};

/** The audit's settings. Throws `ConfigError` where no journal is set up. */
export async function loadJournalSettings({ argv, terminal }: CommandContext): Promise<JournalSettings> {
  const { settings } = await loadConfig({ argv, surroundings: terminal.surroundings });
  const { journalDir } = settings.audit;
  if (journalDir === undefined)
    throw new ConfigError(["audit.journalDir is not set: there is no audit journal to read"]);
  return { ...settings.audit, journalDir, anchorSettings: anchorSettingsOf(settings) };
}
