import { UsageError } from "./usage-error.ts";

/** Positional arguments by name: a text each, or a list for the last one when it is variadic. */
export type Positionals = Readonly<Record<string, string | readonly string[] | undefined>>;

interface Slot {
  name: string;
  required: boolean;
  variadic: boolean;
}

/** Takes a notation such as `<tool> [arguments..]` apart. */
export function slotsOf(notation: string): Slot[] {
  return [...notation.matchAll(/([<[])([a-z]+)(\.\.)?[>\]]/g)].map(([, bracket, name = "", dots]) => ({
    name,
    required: bracket === "<",
    variadic: dots !== undefined,
  }));
}

/**
 * Gives each word its name. The parser's own way drops a lone `-` and words behind `--` that start with a dash.
 * Throws `UsageError` for too few or too many words.
 */
export function bindPositionals(notation: string, words: readonly string[], command: string): Positionals {
  const slots = slotsOf(notation);
  const bound: Record<string, string | string[]> = {};
  let used = 0;
  for (const { name, required, variadic } of slots) {
    const left = words.slice(used);
    if (required && left.length === 0) throw new UsageError(`${command} wants ${notation}.`);
    if (variadic) bound[name] = left;
    else if (left[0] !== undefined) bound[name] = left[0];
    used += variadic ? left.length : 1;
  }
  const extra = words[used];
  if (extra !== undefined) throw new UsageError(`${command} does not know what to do with "${extra}".`);
  return bound;
}
