import type { InferredOptionTypes, Options } from "yargs";
import type { Positionals } from "./positionals.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  terminal: Terminal;
  /** The whole command line after the program's name, for the settings in it. */
  argv: readonly string[];
}

/** How the process ends: 0 done, 1 failed, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2 | 130;

type OptionTable = Record<string, Options>;

export interface CommandDefinition<O extends OptionTable> {
  name: string;
  /** Positional arguments: `<tool>` must be there, `[what]` may, `[arguments..]` may be many. Empty: none. */
  positionals: string;
  /** What each positional means. */
  describePositionals?: Record<string, string>;
  summary: string;
  /** Flags of this command. None has a default here: a command that was given nothing must run the same. */
  options: O;
  /** Command line and what it does. */
  examples: readonly (readonly [string, string])[];
  /** Proposes values for the first positional. */
  complete?(context: CommandContext): Promise<string[]>;
  /** Proposes what may follow these words, of which the first positional is one, flags among them. */
  completeFurther?(before: readonly string[], context: CommandContext): Promise<string[]>;
  run(given: Given<O>, context: CommandContext): Promise<ExitCode>;
}

/** Parsed flags, and positionals by name. */
export type Given<O extends OptionTable> = InferredOptionTypes<O> & { positionals: Positionals };

/** A command with the types of its flags erased, as the command line holds it. */
export type Command = Omit<CommandDefinition<OptionTable>, "run"> & {
  run(given: Record<string, unknown>, context: CommandContext): Promise<ExitCode>;
};

/** Declares a command. */
export function defineCommand<const O extends OptionTable>(definition: CommandDefinition<O>): Command {
  return {
    ...definition,
    // The command line parses with this very table before it runs, which is what the erased type promises.
    run: (given, context) => definition.run(given as Given<O>, context),
  };
}
