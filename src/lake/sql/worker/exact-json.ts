import { canonicalNumber } from "../scan/canonical-number.ts";

const tokens = /"(?:[^"\\]|\\.)*"?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** What is nested deeper cannot be written by recursion, and no reader of rows looks for it. */
const maxDepth = 100;

/** Parses JSON, or gives back the text where it is nested deeper than 100; numbers that a double cannot give back digit for digit become strings of their digits. */
export function exactJson(text: string): unknown {
  if (isDeep(text)) return text;
  if (!/\d{16}|\d\.\d{15}|\d[eE]/.test(text)) return JSON.parse(text);
  const exact = text.replace(tokens, (token) =>
    token.startsWith('"') || isExact(token) ? token : `"${token}"`,
  );
  return JSON.parse(exact);
}

function isDeep(text: string): boolean {
  // A level takes two characters.
  if (text.length <= 2 * maxDepth) return false;
  let depth = 0;
  for (const [mark] of text.matchAll(/"(?:[^"\\]|\\.)*"?|[[\]{}]/g)) {
    if (mark === "[" || mark === "{") depth++;
    else if (mark === "]" || mark === "}") depth--;
    if (depth > maxDepth) return true;
  }
  return false;
}

function isExact(number: string): boolean {
  return canonicalNumber(number) === canonicalNumber(String(Number(number)));
}
