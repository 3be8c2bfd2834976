import { assign, emptyLayer, type Layer } from "../assignment.ts";
import type { SettingTree } from "../leaves.ts";
import { readText } from "./text-value.ts";

/** A setting given as a flag: `--lake.buckets a,b` or `--lake.buckets=a,b`. */
export interface SettingFlag {
  path: string;
  /** Left out where nothing followed. */
  text?: string;
}

/** A command line, with the flags that are settings taken out. */
export interface SplitArguments {
  flags: SettingFlag[];
  /** Of `--config`. */
  configPath?: string;
  problems: string[];
  rest: string[];
}

/**
 * Takes setting flags and `--config` out of a command line. A flag is a setting when its name has a dot or is
 * a setting's whole path; nothing after `--` is one.
 */
export function splitArguments(argv: readonly string[], tree: SettingTree): SplitArguments {
  const split: SplitArguments = { flags: [], problems: [], rest: [] };
  for (let index = 0; index < argv.length; index++) {
    const token = argv[index] ?? "";
    if (token === "--") {
      split.rest.push(...argv.slice(index));
      break;
    }
    const [, name = "", inline] = /^--([A-Za-z][\w.-]*)(?:=([\s\S]*))?$/.exec(token) ?? [];
    const isSetting = name.includes(".") || tree.leaves.has(name);
    if (!isSetting && name !== "config") {
      split.rest.push(token);
      continue;
    }
    const next = takesNext(tree, name, argv[index + 1]) ? argv[index + 1] : undefined;
    if (inline === undefined && next !== undefined) index++;
    keep(split, name, inline ?? next);
  }
  return split;
}

/** A switch such as `--tools.listAliases` stands alone, unless `true` or `false` follows. */
function takesNext(tree: SettingTree, name: string, next: string | undefined): boolean {
  if (next === undefined || next.startsWith("--")) return false;
  return tree.leaves.get(name)?.kind !== "boolean" || next === "true" || next === "false";
}

function keep(split: SplitArguments, name: string, text: string | undefined): void {
  if (name !== "config") split.flags.push({ path: name, ...(text === undefined ? {} : { text }) });
  else if (text === undefined) split.problems.push("--config wants the path of a settings file");
  else split.configPath = text;
}

/** Settings in flags. A list's flag may be repeated: its items add up. */
export function readFlags(flags: readonly SettingFlag[], tree: SettingTree): Layer {
  const layer = emptyLayer();
  for (const { path, text } of flags) {
    const leaf = tree.leaves.get(path);
    const bare = leaf?.kind === "boolean" ? true : undefined;
    const value = text === undefined ? bare : leaf ? readText(text, leaf) : text;
    const earlier = layer.assignments.find((assignment) => assignment.path === path);
    if (earlier && Array.isArray(earlier.value) && Array.isArray(value))
      earlier.value = [...earlier.value, ...value];
    else assign(layer, tree, path, value, { kind: "flag", name: `--${path}` });
  }
  return layer;
}
