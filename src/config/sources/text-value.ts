import type { Leaf, LeafKind } from "../leaves.ts";

/**
 * The value a text stands for, by the kind of its setting: lists by commas (or as JSON), objects as JSON, `true` and `false`,
 * numbers. What does not fit stays text, and the schema says what is wrong with it.
 */
export function readText(text: string, leaf: Leaf): unknown {
  return readers[leaf.kind](text.trim());
}

const readers: Record<LeafKind, (text: string) => unknown> = {
  text: (text) => (text === "" ? undefined : text),
  boolean: (text) => (text === "true" ? true : text === "false" ? false : emptyAsMissing(text)),
  number: (text) => (/^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : emptyAsMissing(text)),
  object: (text) => (text === "" ? undefined : parseJson(text)),
  list: (text) => {
    if (text.startsWith("[")) return parseJson(text);
    return text.split(",").flatMap((item) => (item.trim() === "" ? [] : [item.trim()]));
  },
};

function emptyAsMissing(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** The parsed JSON, or the text itself where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
