/** A pattern over object names: `*` and `?` inside one path segment, `[a-z]` sets, `**` across segments. */
export interface Glob {
  /** The name up to the first wildcard. */
  literalPrefix: string;
  /** The part of `literalPrefix` that names a folder: empty, or ending in `/`. */
  folder: string;
  matches(name: string): boolean;
}

type Token =
  | { kind: "literal"; character: string }
  | { kind: "one" }
  | { kind: "many" }
  | { kind: "set"; negated: boolean; ranges: [string, string][] };

const wildcard = /[*?[]/;

/** Whether the name could be meant as a pattern. All three characters are legal in names too. */
export function hasWildcard(name: string): boolean {
  return wildcard.test(name);
}

/**
 * Compiles a pattern. Matching takes time in proportion to pattern × name at worst, whatever the pattern:
 * patterns come from callers, and a regular expression made of one could run for hours.
 */
export function compileGlob(pattern: string): Glob {
  const literalPrefix = pattern.slice(0, Math.max(0, pattern.search(wildcard)));
  const segments = pattern.split("/").map((segment) => (segment === "**" ? "**" : tokenize(segment)));
  return {
    literalPrefix,
    folder: literalPrefix.slice(0, literalPrefix.lastIndexOf("/") + 1),
    matches: (name) =>
      matchSequence(
        segments,
        name.split("/"),
        (segment) => segment === "**",
        (segment, part) =>
          segment !== "**" && matchSequence(segment, [...part], (token) => token.kind === "many", matchToken),
      ),
  };
}

function tokenize(segment: string): Token[] {
  const characters = [...segment];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    const set = character === "[" ? parseSet(characters, at) : undefined;
    if (set) {
      tokens.push(set.token);
      at = set.end;
    } else if (character === "*") tokens.push({ kind: "many" });
    else if (character === "?") tokens.push({ kind: "one" });
    else tokens.push({ kind: "literal", character });
  }
  return tokens;
}

/** A `[` without its `]` stands for itself. */
function parseSet(characters: string[], start: number): { token: Token; end: number } | undefined {
  const negated = characters[start + 1] === "!" || characters[start + 1] === "^";
  const first = start + (negated ? 2 : 1);
  const end = characters.indexOf("]", first + 1);
  if (end < 0) return undefined;
  const ranges: [string, string][] = [];
  for (let at = first; at < end; at++) {
    const from = characters[at] ?? "";
    const isRange = characters[at + 1] === "-" && at + 2 < end;
    ranges.push([from, isRange ? (characters[at + 2] ?? from) : from]);
    if (isRange) at += 2;
  }
  return { token: { kind: "set", negated, ranges }, end };
}

function matchToken(token: Token, character: string): boolean {
  if (token.kind === "literal") return token.character === character;
  if (token.kind !== "set") return token.kind === "one";
  return token.ranges.some(([from, to]) => from <= character && character <= to) !== token.negated;
}

/** Greedy matching with one point to come back to: the last wildcard of any length. */
function matchSequence<P, T>(
  pattern: readonly P[],
  text: readonly T[],
  isMany: (item: P) => boolean,
  isMatch: (item: P, part: T) => boolean,
): boolean {
  let at = 0;
  let many = -1;
  let manyFrom = 0;
  let position = 0;
  while (position < text.length) {
    const item = pattern[at];
    if (item !== undefined && isMany(item)) {
      many = at++;
      manyFrom = position;
    } else if (item !== undefined && isMatch(item, text[position] as T)) {
      at++;
      position++;
    } else if (many >= 0) {
      at = many + 1;
      position = ++manyFrom;
    } else return false;
  }
  return pattern.slice(at).every(isMany);
}
