/** Texts that, one after the other, a pattern would match or nearly so: one walk through its source, choosing as told. */
export function piecesOf(source: string, choose: (below: number) => number): string[] {
  let at = 0;

  /** Alternatives up to the group's end; of one of them, the pieces. */
  function alternatives(): string[] {
    const branches = [sequence()];
    while (source[at] === "|") {
      at++;
      branches.push(sequence());
    }
    return branches[choose(branches.length)] ?? [];
  }

  function sequence(): string[] {
    const out: string[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") {
      const term = repeatable();
      const most = quantified();
      for (let time = 0; time < most; time++) out.push(...term);
    }
    return out;
  }

  function repeatable(): string[] {
    const character = source[at++] ?? "";
    if (character === "^" || character === "$") return [];
    if (character === ".") return ["x"];
    if (character === "[") return [memberOf()];
    if (character === "\\") return escaped();
    return character === "(" ? group() : [character];
  }

  function group(): string[] {
    const looks = /^\?<?[=!]/.test(source.slice(at, at + 3));
    const opening = /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(source.slice(at, at + 40));
    at += opening?.[0].length ?? 0;
    const inside = alternatives();
    at++;
    return looks ? [] : inside;
  }

  function escaped(): string[] {
    const letter = source[at++] ?? "";
    if (letter === "x" || letter === "u") {
      const digits = source.slice(at, at + (letter === "x" ? 2 : 4));
      at += digits.length;
      return /^[0-9a-f]+$/i.test(digits) ? [String.fromCharCode(Number.parseInt(digits, 16))] : [];
    }
    if (letter === "p" || letter === "P") at = source.indexOf("}", at) + 1;
    return [samples[letter] ?? (/[bBpP0-9]/.test(letter) ? "" : letter)];
  }

  /** A character that the class has, or of one that excludes, that it has not named. */
  function memberOf(): string {
    const isNegated = source[at] === "^";
    const members: string[] = [];
    if (isNegated) at++;
    while (at < source.length && source[at] !== "]") {
      if (source[at] === "\\") {
        at++;
        members.push(...escaped());
      } else members.push(source[at++] ?? "");
    }
    at++;
    if (!isNegated) return members[choose(members.length)] ?? "";
    return ["x", "0", "=", "-", " ", "."].filter((one) => !members.includes(one))[choose(3)] ?? "x";
  }

  function quantified(): number {
    const found = /^(?:[*+?]|\{(\d+)(?:,\d*)?\})\??/.exec(source.slice(at, at + 12));
    if (!found) return 1;
    at += found[0].length;
    if (found[1] !== undefined) return Math.max(1, Math.min(Number(found[1]), 20));
    return found[0].startsWith("?") ? choose(2) : 1 + choose(2);
  }

  return alternatives().filter((piece) => piece !== "");
}

const samples: Readonly<Record<string, string>> = {
  d: "0",
  D: "x",
  w: "a",
  W: "-",
  s: " ",
  S: "x",
  n: "\n",
  r: "\r",
  t: "\t",
};
