import type { Argv } from "yargs";
import { settingTree } from "../../config/leaves.ts";
import { createSettingsSchema } from "../../config/schema.ts";
import { splitArguments } from "../../config/sources/flags.ts";
import { closest } from "../../core/suggest.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";
import { reportFailure } from "./failure.ts";
import { bindPositionals } from "./positionals.ts";
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
      command.name,
      command.summary,
      (builder) => describeCommand(builder, command),
      async (given) => {
        refuseRepeated(given, command);
        const words = given._.slice(1).map(String);
        const positionals = bindPositionals(command.positionals, words, `sluice ${command.name}`);
        exitCode = await command.run({ ...given, positionals }, context);
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
    .strictOptions()
    .exitProcess(false)
    .wrap(null)
    .fail((message, error) => {
      throw asFailure(message, error);
    });
}

/** The parser hands over what it found wrong as a text or as an error of its own, and what a command threw as it is. */
function asFailure(message: string | null, error: Error | undefined): Error {
  if (error && error.name !== "YError") return error;
  return new UsageError(`${message ?? error?.message}.`);
}

function describeCommand(builder: Argv, command: Command): Argv {
  const { name, positionals, options, examples } = command;
  return builder
    .usage(`${`$0 ${name} ${positionals}`.trim()}\n\n${describePositionals(command)}`)
    .options(options)
    .example(examples.map(([line, meaning]) => [line, meaning]))
    .fail((message: string | null, error) => {
      const unknown = message === null ? undefined : inOurWords(message, command);
      throw unknown === undefined ? asFailure(message, error) : new UsageError(unknown);
    });
}

function describePositionals({ summary, describePositionals = {} }: Command): string {
  const lines = Object.entries(describePositionals).map(
    ([name, meaning]) => `  ${name.padEnd(10)} ${meaning}`,
  );
  return [`${summary}.`, ...(lines.length > 0 ? ["", ...lines] : [])].join("\n");
}

/** What the parser says better, with what was likely meant. */
function inOurWords(message: string, { options }: Command): string | undefined {
  const [, flag] = /^Not enough arguments following: (.+)$/.exec(message) ?? [];
  if (flag !== undefined) return `--${flag} wants a value.`;
  const [, unknown] = /^Unknown arguments?: (.+)$/.exec(message) ?? [];
  if (unknown === undefined) return undefined;
  const words = unknown.split(", ").map((word) => {
    const near = closest(word, [...Object.keys(options), "config", "help"]);
    return `"${word}"${near ? ` (did you mean --${near}?)` : ""}`;
  });
  return `Unknown argument ${words.join(", ")}.`;
}

function refuseRepeated(given: Record<string, unknown>, { options }: Command): void {
  const name = Object.keys(options).find((option) => Array.isArray(given[option]));
  if (name !== undefined) throw new UsageError(`--${name} is given more than once.`);
}

function refuseUnknown([first = "-"]: readonly string[], commands: readonly Command[]): void {
  const known = commands.map(({ name }) => name);
  if (first.startsWith("-") || known.includes(first)) return;
  const near = closest(first, known);
  throw new UsageError(`There is no command "${first}"${near ? `: did you mean "${near}"?` : "."}`);
}
