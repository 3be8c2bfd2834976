import { wordOf } from "./reader.ts";
import { type Token, tokensOrNone } from "./tokens.ts";

/** Functions that answer the same in DuckDB and Spark for what both take; `sum` where `differenceByTypes` finds none. */
const sameFunctions = new Set(
  "sum count min max abs coalesce nullif length replace row_number rank dense_rank lag lead first_value".split(
    " ",
  ),
);

/** Words before a parenthesis that are no function's name. */
const grammarWords = new Set(
  "all and any as between by case cube distinct else exists filter from having in join not on or over rollup select sets then using values when where with".split(
    " ",
  ),
);

/** Marks of operators whose answers differ, without an error, for some values both take. */
const differentMarks = new Set(["/", "%", "[", "->", "=>", "::", ":", "<=>", "&", "|", "||", "^", "~"]);

/** Words of expressions that work differently, or are known to one of the two only. */
const differentWords = new Set(
  (
    "cast try_cast interval timestamp tablesample pivot unpivot rlike regexp ilike div lateral minus collate " +
    "union intersect except user session_user current_user current_role current_catalog current_database " +
    "current_schema current_date current_time current_timestamp localtime localtimestamp"
  ).split(" "),
);

/** Whether a comment of one line ends elsewhere in Spark's SQL: at a lone `\r`, or not at a line's end behind `\`. */
function endsElsewhere(sql: string): boolean {
  const lines = sql.split("\n");
  return lines.some((line, at) => {
    const start = line.indexOf("--");
    const comment = start < 0 ? "" : line.slice(start);
    const isLast = at === lines.length - 1;
    return isLast ? comment.includes("\r") : comment.slice(0, -1).includes("\r") || comment.endsWith("\\");
  });
}

/**
 * Why a statement or condition written in Databricks SQL might give other values in DuckDB's, or cannot be read as it.
 * Undefined where it means the same in both but for where it sorts NULLs (see `withNullOrder`) and for what the types
 * of its columns decide (see `differenceByTypes`). `7 div 2`, `a[0]` and averages of decimals differ without an error.
 */
export function differenceInDuckDb(sql: string): string | undefined {
  const tokens = tokensOrNone(sql);
  if (!tokens) return "it cannot be read as Databricks SQL";
  if (endsElsewhere(sql)) return "a comment ends elsewhere in DuckDB's SQL";
  for (const at of tokens.keys()) {
    const difference = differenceAt(tokens, at);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function differenceAt(tokens: readonly Token[], at: number): string | undefined {
  const token = tokens[at];
  const next = tokens[at + 1];
  if (!token) return undefined;
  const { kind, text } = token;
  if (kind === "quoted") return "names in backticks are not DuckDB's";
  if (kind === "text" && text.includes("\\")) return "\\ in a text means something else in DuckDB's SQL";
  if (kind === "number" && /[a-df-z]/i.test(text)) return `${text} is no number of DuckDB's SQL`;
  if (kind === "mark" && differentMarks.has(text)) return `${text} works differently in DuckDB's SQL`;
  if (kind === "mark" && text === "-" && next?.kind !== "number")
    return "- gives other types of dates in DuckDB's SQL";
  if (kind === "text" && next?.kind === "text") return "a text behind a text is a name in DuckDB's SQL";
  const word = wordOf(token);
  if (differentWords.has(word)) return `${text} works differently in DuckDB's SQL`;
  if (word === "like" && next?.kind !== "text")
    return `${text} of what is no text works differently in DuckDB's SQL`;
  const isCall = kind === "word" && next?.kind === "mark" && next.text === "(";
  if (!isCall || sameFunctions.has(word) || grammarWords.has(word)) return undefined;
  return `${text}() is not known to answer the same in DuckDB's SQL`;
}
