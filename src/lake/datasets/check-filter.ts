import { ToolError } from "../../core/errors.ts";

/**
 * Refuses a condition that is not one expression: one that closes the parenthesis it will be put in, opens a
 * comment, or ends the statement. What stands in quotes is text. The SQL gate parses the whole statement after
 * this; here it is made sure that the whole has the shape it was written with.
 */
export function checkFilter(filter: string): void {
  let depth = 0;
  for (let at = 0; at < filter.length; at++) {
    const character = filter[at];
    if (character === "'" || character === '"') at = endOfQuoted(filter, at);
    else if (character === "(") depth++;
    else if (character === ")" && --depth < 0) throw refusal("it closes a parenthesis it did not open");
    else if (character === ";") throw refusal("it holds a semicolon");
    else if (character === "$") throw refusal("it holds $ outside quotes");
    else if (filter.startsWith("--", at) || filter.startsWith("/*", at)) throw refusal("it holds a comment");
  }
  if (depth > 0) throw refusal("a parenthesis is not closed");
  if (filter.trim() === "") throw refusal("it is empty");
}

/** Index of the closing quote. In `E'…'` a backslash takes the next character with it. */
function endOfQuoted(filter: string, start: number): number {
  const quote = filter[start];
  const hasEscapes = quote === "'" && /(?:^|[^\w$])[eE]$/.test(filter.slice(Math.max(0, start - 2), start));
  for (let at = start + 1; at < filter.length; at++) {
    if (hasEscapes && filter[at] === "\\") at++;
    else if (filter[at] === quote) {
      if (filter[at + 1] !== quote) return at;
      at++;
    }
  }
  throw refusal("a quote is not closed");
}

function refusal(reason: string): ToolError {
  return new ToolError(
    "invalid_input",
    `The filter is not one condition: ${reason}. Write it like: status = 'paid' AND total > 10.`,
  );
}
