import { createRandom } from "./random.ts";

/** Values that readers of JSON trip over. */
const oddValues: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -0,
    -1,
    1.5,
    1e300,
    2 ** 53,
    -(2 ** 63),
    "",
    " ",
    "\0",
    "\u2028",
    "\ud800",
    "é".repeat(300),
  ],
  ...[
    "__proto__",
    "constructor",
    "tools/call",
    "../../etc/passwd",
    "2026-07-28",
    "9".repeat(400),
    [],
    {},
    [[]],
    [null],
  ],
  JSON.parse('{"then":1,"__proto__":null}'),
  { toJSON: 1, length: -1, constructor: { prototype: {} } },
  JSON.parse('{"__proto__":{"polluted":"yes"}}'),
  JSON.parse(`${"[".repeat(60)}1${"]".repeat(60)}`),
  Array.from({ length: 500 }, (_, index) => index),
  Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index])),
];

const oddNames = [
  "__proto__",
  "constructor",
  "toString",
  "id",
  "jsonrpc",
  "method",
  "params",
  "_meta",
  "progressToken",
  "",
];

/** Texts that are JSON no more, or not the same to every reader. */
const breaks: readonly ((text: string, below: (most: number) => number) => string)[] = [
  (text, below) => text.slice(0, below(text.length)),
  (text, below) => insert(text, below, "\0"),
  (text, below) => insert(text, below, '"'),
  (text, below) => insert(text, below, "{"),
  (text, below) => insert(text, below, "]"),
  (text, below) => insert(text, below, "\\ud800"),
  (text, below) => insert(text, below, "1e999"),
  (text) => `\ufeff${text}`,
  (text) => `${text}${text}`,
  (text) => `[${text},${text}]`,
  (text) => text.replace("{", '{"id":77,'),
  (text) => text.replace("{", '{"\\u0069d":77,'),
  (text) => text.replace(/"id":[^,}]*/, '"id":00'),
  (text) => text.replace(/"id":[^,}]*/, '"id":-'),
  (text) => `${" ".repeat(10_000)}${text}`,
];

function insert(text: string, below: (most: number) => number, what: string): string {
  const at = below(text.length + 1);
  return text.slice(0, at) + what + text.slice(at);
}

/** Gives messages made of good ones by changing something in them, the same for the same seed; most are still JSON. */
export function createMangler(seed: number) {
  const random = createRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[random(of.length)] as T;

  /** A copy with one member, somewhere, changed, taken away, added or moved. */
  function changed(value: unknown, depth = 0): unknown {
    if (typeof value !== "object" || value === null || random(4 + depth) === 0) return pick(oddValues);
    const entries: [string, unknown][] = Object.entries(value);
    if (Array.isArray(value) || entries.length === 0) return pick([pick(oddValues), [value, value], [value]]);
    const at = random(entries.length);
    const [name, inner] = entries[at] as [string, unknown];
    switch (random(5)) {
      case 0:
        entries.splice(at, 1);
        break;
      case 1:
        entries.push([pick(oddNames), pick(oddValues)]);
        break;
      case 2:
        entries[at] = [pick(oddNames), inner];
        break;
      default:
        entries[at] = [name, changed(inner, depth + 1)];
    }
    return Object.fromEntries(entries);
  }

  return {
    random,
    /** The text of a message, changed once to thrice. */
    mangled(message: unknown): string {
      let value = message;
      for (let times = 1 + random(3); times > 0; times--) value = changed(value);
      const text = JSON.stringify(value) ?? "";
      return random(5) === 0 ? pick(breaks)(text, random) : text;
    },
  };
}
