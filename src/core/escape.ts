/**
 * Writes every character that `pattern` matches as JSON does, `\u001b`, one escape for each UTF-16 unit, so that a
 * reader of JSON gets back the very same text. `pattern` needs the flag `g`; `shorter` has escapes such as `\n`.
 */
export function escapeCharacters(
  text: string,
  pattern: RegExp,
  shorter: Readonly<Record<string, string>> = {},
): string {
  return text.replace(pattern, (character) => shorter[character] ?? unitsOf(character));
}

function unitsOf(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
