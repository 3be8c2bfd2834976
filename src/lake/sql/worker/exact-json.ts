import { canonicalNumber } from "../scan/canonical-number.ts";

const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Parses JSON; numbers that a double cannot give back digit for digit become strings of their digits. */
export function exactJson(text: string): unknown {
  if (!/\d{16}|\d\.\d{15}|\d[eE]/.test(text)) return JSON.parse(text);
  const exact = text.replace(tokens, (token) =>
    token.startsWith('"') || isExact(token) ? token : `"${token}"`,
  );
  return JSON.parse(exact);
}

function isExact(number: string): boolean {
  return canonicalNumber(number) === canonicalNumber(String(Number(number)));
}
