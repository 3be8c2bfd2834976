/** Names of the members of a type as the engine writes it: `a`, `b c` of `STRUCT(a INTEGER, "b c" VARCHAR)`. */
export function structMembers(type: string): string[] {
  const inner = /^STRUCT\((.*)\)$/s.exec(type)?.[1];
  if (inner === undefined) return [];
  return splitMembers(inner).flatMap((member) => {
    const [, quoted, plain] = /^\s*(?:"((?:[^"]|"")*)"|(\S+))\s/.exec(member) ?? [];
    const name = quoted?.replaceAll('""', '"') ?? plain;
    return name === undefined ? [] : [name];
  });
}

/** Parts between commas that stand outside quotes and parentheses. */
function splitMembers(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === "(") depth++;
    else if (character === ")") depth--;
    else if (character === "," && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
}
