/** Deeper than any table's schema. */
const maxDepth = 200;

/** A text without its end is taken whole, lest each of its quotes be tried as a beginning; it is no JSON either way. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[[\]{}]/gs;
/** Integers of fewer characters are exact as numbers. */
const exactChars = 16;

/**
 * JSON whose whole numbers past 2⁵³ are texts: ids have 64 bits. Throws `SyntaxError` for what is no JSON, and for values
 * nested deeper than 200.
 */
export function parseExactJson(text: string): unknown {
  let depth = 0;
  const exact = text.replace(token, (found) => {
    if (found === "{" || found === "[") depth++;
    if (found === "}" || found === "]") depth--;
    if (depth > maxDepth) throw new SyntaxError(`values are nested deeper than ${maxDepth}`);
    return found.length >= exactChars && /^-?\d+$/.test(found) ? `"${found}"` : found;
  });
  return JSON.parse(exact);
}
