import { migratePostgresql } from "../../audit/relay/migrate-postgresql.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { CommandContext, ExitCode } from "../frame/command.ts";
import { loadRecordPlace } from "./settings.ts";

/** Sets up the schema of the records in PostgreSQL, as its owner, for the role that relays them. */
export async function migrate(context: CommandContext, { json }: { json: boolean }): Promise<ExitCode> {
  const { terminal } = context;
  const { ownerUrl, url, schema } = (await loadRecordPlace(context)).settings.audit.postgresql;
  if (ownerUrl === undefined || url === undefined) {
    throw new ConfigError([
      "audit.postgresql.ownerUrl and audit.postgresql.url must be set: the roles that own the schema and insert into it",
    ]);
  }
  const writer = decodeURIComponent(new URL(url).username);
  const { applied } = await migratePostgresql({ ownerUrl, schema, writer });
  if (json) terminal.out(JSON.stringify({ schema, writer, applied }));
  const done = applied.length === 0 ? "was up to date" : `is set up (migrations ${applied.join(", ")})`;
  terminal.err(`The schema ${schema} ${done}; ${writer} may insert into it and nothing else.`);
  return 0;
}
