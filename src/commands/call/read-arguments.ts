import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isRecord } from "../../core/record.ts";
import { closest } from "../../core/suggest.ts";
import type { Terminal } from "../frame/terminal.ts";
import { UsageError } from "../frame/usage-error.ts";
import type { ArgumentSchema } from "./tool-caller.ts";

export interface GivenArguments {
  /** Words after the tool's name: one JSON object, `-`, or `key=value` pairs. */
  words: readonly string[];
  /** File that holds a JSON object. */
  file: string | undefined;
}

/**
 * The arguments a user gave, as an object. The schema says what the text of a `key=value` pair stands for.
 * Throws `UsageError`.
 */
export async function readArguments(
  { words, file }: GivenArguments,
  schemaOf: () => Promise<ArgumentSchema | undefined>,
  terminal: Terminal,
): Promise<Record<string, unknown>> {
  if (file !== undefined && words.length > 0)
    throw new UsageError("Give the arguments once: after the tool's name, or with --input.");
  if (file !== undefined) return parseObject(readFileText(file, terminal), file);
  const [first] = words;
  if (first === undefined) return {};
  if (words.length === 1 && first === "-") return parseObject(terminal.readInput(), "standard input");
  if (words.length === 1 && /^\s*[[{]/.test(first)) return parseObject(first, "The arguments");
  return readPairs(words, await schemaOf());
}

function readFileText(file: string, { surroundings, readInput }: Terminal): string {
  if (file === "-") return readInput();
  try {
    return readFileSync(resolve(surroundings.cwd, file), "utf8");
  } catch (thrown) {
    throw new UsageError(`--input: ${file} cannot be read (${(thrown as NodeJS.ErrnoException).code}).`);
  }
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (thrown) {
    throw new UsageError(
      `${where}: not JSON (${(thrown as Error).message}). Quote it for your shell: '{"key":"value"}'`,
    );
  }
  if (isRecord(parsed)) return parsed;
  throw new UsageError(`${where}: must be a JSON object, such as {"key":"value"}.`);
}

function readPairs(words: readonly string[], schema: ArgumentSchema | undefined): Record<string, unknown> {
  const properties = schema?.properties;
  const pairs = new Map<string, unknown>();
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 1) throw new UsageError(`"${word}" is neither JSON nor key=value.`);
    const name = word.slice(0, equals);
    const property = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (properties && !property) throw new UsageError(unknownArgument(name, Object.keys(properties)));
    const value = readValue(name, word.slice(equals + 1), property?.type);
    const earlier = pairs.get(name);
    if (earlier === undefined) pairs.set(name, value);
    else if (Array.isArray(earlier) && Array.isArray(value)) pairs.set(name, [...earlier, ...value]);
    else throw new UsageError(`"${name}" is given twice.`);
  }
  return Object.fromEntries(pairs);
}

function unknownArgument(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return `The tool takes no argument "${name}"${near ? `: did you mean "${near}"?` : `. It takes ${known.join(", ")}.`}`;
}

/** Text of a string stays as it is, so that 00501 keeps its zeros. */
function readValue(name: string, text: string, type: string | string[] | undefined): unknown {
  const types = Array.isArray(type) ? type : [type];
  if (types.includes("string")) return text;
  if (types.includes("array") && !text.trimStart().startsWith("["))
    return text.split(",").map((item) => item.trim());
  try {
    return JSON.parse(text);
  } catch {
    if (type === undefined) return text;
    throw new UsageError(`${name}: ${JSON.stringify(text)} is not ${types.join(" or ")}.`);
  }
}
