import type { Argv } from "yargs";
import { settingTree } from "../../config/leaves.ts";
import { createSettingsSchema } from "../../config/schema.ts";
import { splitArguments } from "../../config/sources/flags.ts";
import { closest } from "../../core/suggest.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { reportFailure } from "./failure.ts";
import type { Terminal } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

export interface CommandLine {
  commands: readonly Command[];
  version: string;
  terminal: Terminal;
}

/** Runs one command line to its exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], line: CommandLine): Promise<ExitCode> {
  const context: CommandContext = { terminal: line.terminal, argv };
  const { rest } = splitArguments(argv, settingTree(createSettingsSchema(line.terminal.surroundings)));
  const named = line.commands.find(({ name }) => name === rest[0]);
  try {
    // A command alone has nothing to parse: `sluice stdio` starts without loading the parser.
    if (named && rest.length === 1 && !named.positionals.includes("<"))
      return await named.run({ positionals: {} }, context);
    return await parseAndRun(rest, line, context);
  } catch (thrown) {
    return reportFailure(thrown, line.terminal, named ? `sluice ${named.name} --help` : "sluice --help");
  }
}

async function parseAndRun(
  rest: readonly string[],
  line: CommandLine,
  context: CommandContext,
): Promise<ExitCode> {
  refuseUnknown(rest, line.commands);
  const { default: yargs } = await import("yargs");
  let exitCode: ExitCode = 0;
  const parser = describeProgram(yargs(), line.version);
  for (const command of line.commands) {
    parser.command(
      `${command.name} ${command.positionals}`.trim(),
      command.summary,
      (builder) => describeCommand(builder, command),
      async (given) => {
        exitCode = await command.run({ ...given, positionals: given }, context);
      },
    );
  }
  let printed = "";
  const bare = rest.length === 0;
  await parser.parseAsync(bare ? ["--help"] : [...rest], {}, (_error, _given, output) => {
    printed = output;
  });
  if (printed !== "" && !bare) line.terminal.out(printed);
  if (!bare) return exitCode;
  line.terminal.err(`${printed}\n\nsluice: say which command to run.`);
  return 2;
}

/** Settings every command takes: given as flags, they were taken out before the parser saw them. */
const settingsHelp =
  "Any setting can be given as a flag, such as --lake.buckets a,b. See them all with: sluice config";

function describeProgram(parser: Argv, version: string): Argv {
  return parser
    .scriptName("sluice")
    .usage(
      "$0 <command>\n\nLets AI agents read a data lake: MCP over stdio and HTTP, and from this terminal.",
    )
    .locale("en")
    .parserConfiguration({
      "boolean-negation": false,
      "camel-case-expansion": false,
      "dot-notation": false,
      "duplicate-arguments-array": false,
      "parse-numbers": false,
      "parse-positional-numbers": false,
    })
    .option("config", {
      type: "string",
      requiresArg: true,
      describe: "Settings file (default: sluice.yaml, where there is one)",
    })
    .epilogue(settingsHelp)
    .version(version)
    .help()
    .alias("help", "h")
    .strict()
    .exitProcess(false)
    .wrap(100)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
}

function describeCommand(builder: Argv, command: Command): Argv {
  const { positionals, describePositionals = {}, options, examples } = command;
  for (const name of positionals.matchAll(/[<[]([a-z]+)/g)) {
    builder.positional(name[1] ?? "", { type: "string", describe: describePositionals[name[1] ?? ""] });
  }
  return builder
    .options(options)
    .example(examples.map(([line, meaning]) => [line, meaning]))
    .fail((message, error) => {
      throw error ?? new UsageError(inOurWords(message, command));
    });
}

/** What the parser found wrong, with what was likely meant. */
function inOurWords(message: string, { name, positionals, options }: Command): string {
  if (message.startsWith("Not enough")) return `sluice ${name} wants ${positionals}.`;
  const [, unknown] = /^Unknown arguments?: (.+)$/.exec(message) ?? [];
  if (unknown === undefined) return `${message}.`;
  const words = unknown.split(", ").map((word) => {
    const near = closest(word, [...Object.keys(options), "config", "help"]);
    return `"${word}"${near ? ` (did you mean --${near}?)` : ""}`;
  });
  return `Unknown argument ${words.join(", ")}.`;
}

function refuseUnknown([first = "-"]: readonly string[], commands: readonly Command[]): void {
  const known = commands.map(({ name }) => name);
  if (first.startsWith("-") || known.includes(first)) return;
  const near = closest(first, known);
  throw new UsageError(`There is no command "${first}"${near ? `: did you mean "${near}"?` : "."}`);
}
