import { ToolError } from "../../../core/errors.ts";
import { describePosition } from "../../sql/gate/syntax-tree.ts";

/**
 * A word of a statement, with what it says: a quoted name without its backticks, a text without its quotes and
 * otherwise as written. `at` is where it starts, `end` what follows its last character.
 */
export interface Token {
  kind: "word" | "quoted" | "text" | "number" | "mark" | "end";
  text: string;
  at: number;
  end: number;
}

const blank = /(?:[ \t\r\n]|--[^\n]*|\/\*(?!\+)(?:[^*]|\*(?!\/))*\*\/)+/y;
/** The same, and hints, which DuckDB takes for comments. */
const blankOrHint = /(?:[ \t\r\n]|--[^\n]*|\/\*(?:[^*]|\*(?!\/))*\*\/)+/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:BD|[LSYDF])?(?![A-Za-z0-9_])/iy;
const quoted = /`((?:[^`\0]|``)+)`/y;
const text = /'((?:[^'\\\0]|\\[^\0]|'')*)'/y;
const mark = /<=>|->|=>|::|\|\|(?!>)|<=|>=|<>|!=|==|\|(?!>)|\/(?!\*)|[(),.+\-*%&^~<>=[\]:]/y;

/**
 * Cuts a statement into words, by rules that hold in every mode of Spark's lexer: what it could read otherwise
 * (double quotes, prefixed texts, hints, parameters) is refused. Comments are left out. Throws `invalid_input`.
 * Source: Apache Spark, SqlBaseLexer.
 */
export function tokenize(sql: string, blanks: RegExp = blank): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at;
    const match = pattern.exec(sql);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(blanks);
    const start = at;
    const add = (kind: Token["kind"], value: string) =>
      tokens.push({ kind, text: value, at: start, end: at });
    if (at >= sql.length) {
      add("end", "");
      return tokens;
    }
    let match = take(word);
    if (match) {
      if (sql[at] === "'" || sql[at] === '"') throw refusal(sql, start, "a text with a prefix");
      add("word", match[0]);
      continue;
    }
    match = take(number);
    if (match) add("number", match[0]);
    else {
      match = take(quoted);
      if (match) add("quoted", (match[1] ?? "").replaceAll("``", "`"));
      else {
        match = take(text);
        if (match) add("text", match[1] ?? "");
        else {
          match = take(mark);
          if (match) add("mark", match[0]);
          else if (!endsHere(sql, at)) throw refusal(sql, at, unreadable(sql, at));
          else at = sql.length;
        }
      }
    }
  }
}

/** Without hints too. Undefined for what cannot be read as Databricks SQL. */
export function tokensOrNone(sql: string): Token[] | undefined {
  try {
    return tokenize(sql, blankOrHint);
  } catch (thrown) {
    if (thrown instanceof ToolError) return undefined;
    throw thrown;
  }
}

/** A text between quotes again, where `''` is written in the way that every version of Spark reads. */
export function quoteText(value: string): string {
  return `'${value.replace(/\\[\s\S]|''/g, (pair) => (pair === "''" ? "\\'" : pair))}'`;
}

/** One semicolon may end the statement. */
function endsHere(sql: string, at: number): boolean {
  if (sql[at] !== ";") return false;
  blank.lastIndex = at + 1;
  blank.exec(sql);
  const end = blank.lastIndex || at + 1;
  return end >= sql.length;
}

function unreadable(sql: string, at: number): string {
  const first = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  if (first === '"') return "double quotes: write names in backticks and texts in single quotes";
  if (first === ";") return "more than one statement";
  if (first === "'") return "a text that is not closed";
  if (first === "`") return "a name in backticks that is empty or not closed";
  if (sql.startsWith("/*+", at)) return "a hint";
  if (sql.startsWith("/*", at)) return "a comment that is not closed";
  if (sql.startsWith("|>", at)) return "the pipe |>";
  if (/\d/.test(first)) return "a name that starts with a digit: write it in backticks";
  return `the character ${JSON.stringify(first)} outside quotes`;
}

/** The one refusal of statements for a warehouse, with the reason and where it is. */
export function refusal(sql: string, at: number, what: string): ToolError {
  return new ToolError(
    "invalid_input",
    `The statement cannot be sent to Databricks: it has ${what} (${describePosition(sql, at)}). Allowed is one SELECT in Databricks SQL over tables that may be read, with CTEs, joins, windows, set operations and pure functions.`,
  );
}
