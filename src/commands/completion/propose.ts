import { type SettingTree, settingTree } from "../../config/leaves.ts";
import { createSettingsSchema } from "../../config/schema.ts";
import type { Command, CommandContext } from "../frame/command.ts";

/**
 * What may stand where the last of `words` stands (it may be empty): commands, what the command proposes, its
 * flags and, as flags, the settings.
 */
export async function propose(
  words: readonly string[],
  commands: readonly Command[],
  context: CommandContext,
): Promise<string[]> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const command = commands.find(({ name }) => name === before[0]);
  const tree = settingTree(createSettingsSchema(context.terminal.surroundings));
  const proposed = current.startsWith("-")
    ? flagsOf(command, tree)
    : await wordsOf(command, before, commands, context);
  return proposed.filter((word) => word.startsWith(current));
}

function flagsOf(command: Command | undefined, tree: SettingTree): string[] {
  const names = [...Object.keys(command?.options ?? {}), "config", "help", ...tree.leaves.keys()];
  return names.map((name) => `--${name}`);
}

async function wordsOf(
  command: Command | undefined,
  before: readonly string[],
  commands: readonly Command[],
  context: CommandContext,
): Promise<string[]> {
  if (before.length === 0) return commands.map(({ name }) => name);
  // Of most commands only the first word is a name; the rest is the user's own.
  if (before.length > 1) return (await command?.completeFurther?.(before.slice(1), context)) ?? [];
  return (await command?.complete?.(context)) ?? [];
}
