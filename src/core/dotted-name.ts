/** Letters of ASCII to lower case, and those only: other letters stay what they are, so none becomes another. */
export function asciiLowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/**
 * The parts of `catalog.schema.table`, in lower case as Unity Catalog keeps them; a part may stand in backticks.
 * Undefined where it is no such name: Unity Catalog's names hold no dot, slash, blank or control character, and
 * at most 255 characters; quotes and backslashes are not taken either. Source: Databricks "Names", "Unity Catalog object names".
 */
export function splitDottedName(text: string): string[] | undefined {
  const parts = text.split(".").map((part) => /^`([^`]+)`$/.exec(part)?.[1] ?? part);
  const isName = (part: string) =>
    part.length > 0 && part.length <= 255 && !/[\s/`'"\\\p{Cc}\p{Cf}\p{Surrogate}]/u.test(part);
  return parts.length <= 3 && parts.every(isName) ? parts.map(asciiLowerCase) : undefined;
}
