import type { Arguments } from "yargs";
import type { CommandContext } from "./command.ts";
import type { CommandLine } from "./command-line.ts";

type Done = (words: string[]) => void;
type Defaults = (onCompleted: (error: Error | null, words: string[] | undefined) => void) => void;

/** Completes what a shell's user is typing: by the command itself where it can, else with commands and flags. */
export function completer(line: CommandLine, context: CommandContext) {
  return (current: string, given: Arguments, defaults: Defaults, done: Done): void => {
    const [, name, ...words] = given._.map(String);
    const command = line.commands.find((candidate) => candidate.name === name);
    if (!command?.complete || current.startsWith("-")) {
      defaults((_error, words) => done(words ?? []));
      return;
    }
    command.complete(words, context).then(done, () => done([]));
  };
}
