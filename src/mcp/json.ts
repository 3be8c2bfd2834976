/** Deeper than any argument a tool takes, and shallow enough for every recursive reader behind. */
const maxDepth = 64;

/** Why a text was refused. The message may reach the sender. */
export class JsonRefused extends Error {
  override readonly name = "JsonRefused";
}

/**
 * Parses JSON text that came from outside. Beyond what `JSON.parse` refuses, refuses nesting deeper than 64
 * (before parsing) and an object that names one member twice: readers disagree on which one counts, and a
 * gateway before us may have judged by the other. Throws `JsonRefused`. Source: RFC 7493 (I-JSON).
 */
export function parseJson(text: string): unknown {
  checkStructure(text);
  try {
    return JSON.parse(text);
  } catch {
    throw new JsonRefused("The body is not valid JSON.");
  }
}

/** Names seen so far in an open object; undefined for an open array. */
type Open = Set<string> | undefined;

function checkStructure(text: string): void {
  const open: Open[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (nameNext) addName(open.at(-1), text.slice(at, end + 1));
        nameNext = false;
        at = end;
        break;
      }
      case "{":
      case "[":
        nameNext = text[at] === "{";
        open.push(nameNext ? new Set() : undefined);
        if (open.length > maxDepth) throw new JsonRefused(`The body nests deeper than ${maxDepth} levels.`);
        break;
      case "}":
      case "]":
        open.pop();
        nameNext = false;
        break;
      case ",":
        nameNext = open.at(-1) !== undefined;
        break;
    }
  }
}

/** Index of the quote that closes the string opened at `start`, or of the text's end where none does. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return text.length;
}

function addName(names: Open, quoted: string): void {
  const name = quoted.includes("\\") ? decodeName(quoted) : quoted.slice(1, -1);
  if (names?.has(name)) throw new JsonRefused(`An object names "${name.slice(0, 64)}" twice.`);
  names?.add(name);
}

function decodeName(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw new JsonRefused("The body is not valid JSON.");
  }
}
