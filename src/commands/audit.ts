import type { RecordFilter } from "../audit/read/record-filter.ts";
import { type CommandContext, defineCommand, type ExitCode, type Given } from "./frame/command.ts";
import { UsageError } from "./frame/usage-error.ts";

const options = {
  json: { type: "boolean", describe: "Print JSON (verify, unfinished, tail, relay, migrate)" },
  follow: { type: "boolean", describe: "Go on printing as records come (tail)" },
  lines: { type: "string", requiresArg: true, describe: "How many of the last records, default 20 (tail)" },
  format: { type: "string", requiresArg: true, describe: "ndjson, the default, or csv (export)" },
  since: {
    type: "string",
    requiresArg: true,
    describe: "From this time on, or so long ago: 24h (unfinished, tail, export, relay)",
  },
  until: {
    type: "string",
    requiresArg: true,
    describe: "Before this time, or so long ago (unfinished, tail, export, relay)",
  },
  tenant: {
    type: "string",
    requiresArg: true,
    describe: "Records of one tenant (unfinished, tail, export, relay)",
  },
} as const;

type Flag = keyof typeof options;
type GivenAudit = Given<typeof options>;

interface Action {
  flags: readonly Flag[];
  run(given: GivenAudit, context: CommandContext): Promise<ExitCode>;
}

const actions: Readonly<Record<string, Action>> = {
  verify: {
    flags: ["json"],
    run: async ({ json }, context) =>
      (await import("./audit/verify.ts")).verify(context, { json: json === true }),
  },
  unfinished: {
    flags: ["json", "since", "until", "tenant"],
    async run(given, context) {
      const request = { json: given.json === true, filter: await filterOf(given), nowMs: Date.now() };
      return (await import("./audit/unfinished.ts")).unfinished(context, request);
    },
  },
  tail: {
    flags: ["json", "follow", "lines", "since", "until", "tenant"],
    async run(given, context) {
      const filter = await filterOf(given);
      const { json, follow, lines = "20" } = given;
      if (!/^\d{1,6}$/.test(lines)) throw new UsageError(`--lines: "${lines}" is not a number of records.`);
      const { tail } = await import("./audit/tail.ts");
      return tail(context, { json: json === true, follow: follow === true, lines: Number(lines), filter });
    },
  },
  export: {
    flags: ["format", "since", "until", "tenant"],
    async run(given, context) {
      const { format = "ndjson" } = given;
      if (format !== "ndjson" && format !== "csv")
        throw new UsageError(`--format: "${format}" is neither ndjson nor csv.`);
      const { exportRecords } = await import("./audit/export.ts");
      return exportRecords(context, { format, filter: await filterOf(given) });
    },
  },
  relay: {
    flags: ["json", "since", "until", "tenant"],
    async run(given, context) {
      const request = { json: given.json === true, filter: await filterOf(given) };
      return (await import("./audit/relay.ts")).relay(context, request);
    },
  },
  migrate: {
    flags: ["json"],
    run: async ({ json }, context) =>
      (await import("./audit/migrate.ts")).migrate(context, { json: json === true }),
  },
};

/** `sluice audit`: checks and reads the audit's records, and sets up its database. */
export const audit = defineCommand({
  name: "audit",
  positionals: "<action>",
  describePositionals: {
    action:
      "verify: check the chain; unfinished: writes that have no outcome; tail: the last records; export: all of them; relay: bring those of a table to the sinks; migrate: set up PostgreSQL",
  },
  summary: "Checks and reads the audit's records",
  options,
  examples: [
    ["sluice audit verify", "Is anything edited, deleted, reordered, cut off or forked? Exits with 1 if so"],
    [
      "sluice audit unfinished --since 24h",
      "Which writes did their process not survive? Exits with 1 if any",
    ],
    ["sluice audit tail --follow", "What is called now"],
    ["sluice audit export --format csv --since 2026-11-01 --tenant acme > acme.csv", "For an auditor"],
    ["sluice audit relay --since 2h", "On a schedule, each hour: bring a table's records to the sinks"],
    ["sluice audit migrate", "Set up the schema of the sink postgresql, as its owner"],
  ],
  complete: async () => Object.keys(actions),
  async run(given, context) {
    const name = String(given.positionals.action);
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
    if (!action)
      throw new UsageError(`There is no "sluice audit ${name}", only ${Object.keys(actions).join(", ")}.`);
    for (const flag of Object.keys(options) as Flag[]) {
      if (given[flag] !== undefined && !action.flags.includes(flag))
        throw new UsageError(`"sluice audit ${name}" takes no --${flag}.`);
    }
    return action.run(given, context);
  },
});

async function filterOf({ since, until, tenant }: GivenAudit): Promise<RecordFilter> {
  const { parseMoment } = await import("./audit/moment.ts");
  const moment = (flag: string, text: string | undefined) =>
    text === undefined ? undefined : parseMoment(flag, text, Date.now());
  return { sinceMs: moment("since", since), untilMs: moment("until", until), tenant };
}
