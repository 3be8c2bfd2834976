import { ToolError } from "../../../core/errors.ts";

/** One token of a statement, and where it stands in its text. Comments and blanks are none. */
export interface Token {
  kind: "word" | "quoted" | "string" | "number" | "symbol";
  /** As written. */
  text: string;
  /** Of a word its capitals, of a quoted name or a string what the quotes hold, else the text. */
  value: string;
  start: number;
  end: number;
}

const patterns = [
  { kind: "blank", pattern: /[ \t\r\n]+/y },
  { kind: "comment", pattern: /--[^\r\n]*/y },
  { kind: "comment", pattern: /\/\*[\s\S]*?\*\//y },
  { kind: "string", pattern: /'(?:[^']|'')*'/y },
  { kind: "quoted", pattern: /"(?:[^"]|"")*"/y },
  { kind: "number", pattern: /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_])/y },
  { kind: "word", pattern: /[A-Za-z_][A-Za-z0-9_]*/y },
  { kind: "symbol", pattern: /\|\||->|=>|<>|!=|<=|>=|\/(?!\*)|[-(),.;+*%<>=[\]]/y },
] as const;

/**
 * Takes a statement apart as Trino does. Throws `invalid_input` for characters that no SELECT of Trino has outside
 * quotes, and for what two readers could take apart in two ways. Source: Trino's SqlBase.g4, lexer rules.
 */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const { kind, end } = nextToken(sql, at);
    if (kind !== "blank" && kind !== "comment") {
      const text = sql.slice(at, end);
      tokens.push({ kind, text, value: tokenValue(kind, text), start: at, end });
    } else if (kind === "comment" && sql.slice(at + 2, end).includes("/*")) {
      throw refuse(sql, at, "a comment inside a comment");
    }
    at = end;
  }
  return tokens;
}

function nextToken(sql: string, at: number) {
  for (const { kind, pattern } of patterns) {
    pattern.lastIndex = at;
    if (pattern.test(sql)) {
      // Some dialects read escapes in such a text, and so another end of it.
      if (kind === "string" && /(?<![A-Za-z0-9_])[eE]$/.test(sql.slice(Math.max(0, at - 2), at))) {
        throw refuse(sql, at, "a text with a letter E before it");
      }
      return { kind, end: pattern.lastIndex };
    }
  }
  throw refuse(sql, at, wordsFor(sql, at));
}

function wordsFor(sql: string, at: number): string {
  const mark = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  if (mark === "'" || mark === '"' || mark === "/") return `${mark} that is never closed`;
  if (/\d/.test(mark)) return "a name that begins with a digit; put it in double quotes";
  if (mark === "`") return 'a backquote; names are put in double quotes: "my table"';
  return `the character ${JSON.stringify(mark)} outside quotes`;
}

function refuse(sql: string, at: number, what: string): ToolError {
  const before = sql.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  return new ToolError(
    "invalid_input",
    `The statement has ${what} (line ${line}, column ${column}), which Athena's SELECT does not know.`,
  );
}

function tokenValue(kind: Token["kind"], text: string): string {
  if (kind === "word") return text.toUpperCase();
  if (kind === "string") return text.slice(1, -1).replaceAll("''", "'");
  return kind === "quoted" ? text.slice(1, -1).replaceAll('""', '"') : text;
}
