import type { RecordFilter } from "../../audit/read/record-filter.ts";
import { openSinks } from "../../audit/relay/open-sinks.ts";
import { relayTable } from "../../audit/relay/relay-table.ts";
import { sinkSettingsOf } from "../../audit-settings.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { Settings } from "../../config/schema.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { loadRecordPlace } from "./settings.ts";

export interface RelayRequest {
  json: boolean;
  filter: RecordFilter;
}

/** Brings a table's records to the sinks, once. Exits with 1 where a sink does not have them all. */
export async function relay(context: CommandContext, { json, filter }: RelayRequest): Promise<ExitCode> {
  const { terminal } = context;
  const { settings, table } = await loadRecordPlace(context);
  if (!table) throw new ConfigError(["audit.journalDir is set: servers relay a journal themselves"]);
  const sinks = sinksOf(settings);
  try {
    const relayed = await relayTable(table.read(filter), sinks);
    const told = relayed.sinks.map(({ error, ...one }) => ({
      ...one,
      ...(error !== undefined && wordsOf(error)),
    }));
    if (json) terminal.out(JSON.stringify({ sinks: told, bad: relayed.bad }));
    for (const one of told) {
      const { sink, records } = one;
      terminal.err("error" in one ? `${sink}: ${one.error}` : `${sink} has ${records} records.`);
    }
    if (relayed.bad > 0)
      terminal.err(`${relayed.bad} items hold no record. Look into it with: sluice audit verify`);
    return relayed.bad === 0 && told.every((one) => !("error" in one)) ? 0 : 1;
  } finally {
    await Promise.all([table.close(), ...sinks.map((sink) => sink.close())]);
  }
}

function sinksOf(settings: Settings) {
  const sinks = openSinks(sinkSettingsOf(settings), Date.now);
  if (sinks.length > 0) return sinks;
  throw new ConfigError([
    "audit.sinks names neither postgresql nor cloudwatch: there is nothing to relay to",
  ]);
}

function wordsOf(error: unknown): { error: string } {
  return { error: error instanceof Error ? error.message : String(error) };
}
