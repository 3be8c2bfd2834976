import { asciiLowerCase } from "../../../core/dotted-name.ts";
import { wordOf } from "./reader.ts";
import { type Token, tokensOrNone } from "./tokens.ts";

/** A column of a table, with its type as Databricks writes it. */
export interface TypedColumn {
  name: string;
  type_text: string;
}

/** Words behind which + and - are signs and * is every column. */
const beforeOperand = new Set(
  "all and between by case distinct else having in like limit not offset on or select then when where".split(
    " ",
  ),
);
/** Words by which values are compared, or brought to one type. */
const comparing = new Set("between case exists in like natural using values".split(" "));
/** Words before a parenthesis that leave a value as it is. */
const untouching = new Set("as count distinct from max min select".split(" "));
/** Words by which names come to mean something else than a column of a table. */
const renaming = new Set("natural values with".split(" "));

/** Digits of decimals whose sums no table is long enough to make too large for DuckDB or Spark. */
const safeDigits = 28;

/**
 * Why a statement or condition that means the same in both else gives other values in DuckDB over a table with these
 * columns. Spark compares and computes FLOAT as DOUBLE, has other digits of decimals, and sums integers to BIGINT.
 */
export function differenceByTypes(sql: string, columns: readonly TypedColumn[]): string | undefined {
  const tokens = tokensOrNone(sql);
  if (!tokens) return "it cannot be read as Databricks SQL";
  if (columns.length === 0) return "Unity Catalog tells no columns of it";
  const isPlain = isOneSelect(tokens);
  const words = new Set(tokens.map(wordOf));
  const taking = isPlain ? columns.filter(({ name }) => words.has(asciiLowerCase(name))) : columns;
  const float = taking.find(({ type_text: type }) => /\b(?:float|real)\b|^\s*$/i.test(type));
  if (float && tokens.some((_, at) => touchesValues(tokens, at)))
    return `${float.name} has a type that Databricks computes and compares as DOUBLE`;
  const decimal = taking.find(({ type_text: type }) => /\b(?:decimal|dec|numeric)\b/i.test(type));
  if (!tokens.some((_, at) => isArithmetic(tokens, at))) return sumDifference(tokens, isPlain, columns);
  if (decimal) return `arithmetic with decimals (${decimal.name}) has other digits in DuckDB's SQL`;
  if (tokens.some(({ kind, text }) => kind === "number" && text.includes(".")))
    return "arithmetic with decimals has other digits in DuckDB's SQL";
  return sumDifference(tokens, isPlain, columns);
}

/** Whether a bare name can mean a column of a table, or what is made of those named, and nothing else. */
function isOneSelect(tokens: readonly Token[]): boolean {
  const words = tokens.map(wordOf);
  return words.filter((word) => word === "select").length <= 1 && !words.some((word) => renaming.has(word));
}

/** Whether a value is compared or computed with there, and not merely shown, sorted or grouped by. */
function touchesValues(tokens: readonly Token[], at: number): boolean {
  const [before, token, next] = [tokens[at - 1], tokens[at], tokens[at + 1]];
  if (!token) return false;
  if (token.kind === "mark") return !",.()".includes(token.text) && !isEveryColumn(tokens, at);
  const word = wordOf(token);
  if (comparing.has(word)) return true;
  if (word === "distinct" && before && ["is", "not"].includes(wordOf(before))) return true;
  return word !== "" && next?.text === "(" && next.kind === "mark" && !untouching.has(word);
}

function isArithmetic(tokens: readonly Token[], at: number): boolean {
  const token = tokens[at];
  return token?.kind === "mark" && "+-*".includes(token.text) && isBehindOperand(tokens[at - 1]);
}

function isEveryColumn(tokens: readonly Token[], at: number): boolean {
  return tokens[at]?.text === "*" && !isBehindOperand(tokens[at - 1]);
}

function isBehindOperand(before: Token | undefined): boolean {
  if (!before) return false;
  return before.kind === "mark" ? before.text === ")" : !beforeOperand.has(wordOf(before));
}

/** Sums are of the same values where what is summed is one column of a type that both sum alike. */
function sumDifference(
  tokens: readonly Token[],
  isPlain: boolean,
  columns: readonly TypedColumn[],
): string | undefined {
  const sums = tokens.flatMap((token, at) => {
    const [open, name, close] = tokens.slice(at + 1, at + 4);
    if (wordOf(token) !== "sum" || open?.kind !== "mark" || open.text !== "(") return [];
    return [name && close?.kind === "mark" && close.text === ")" ? wordOf(name) : ""];
  });
  const isSame = (name: string) => {
    const column = columns.find((column) => asciiLowerCase(column.name) === name);
    if (!isPlain || name === "") return false;
    if (column) return isSummedAlike(column);
    // Of another table, which judges it, or of none; but for what the statement itself calls so.
    return tokens.every((token, at) => wordOf(token) !== name || wordOf(tokens[at - 2] ?? token) === "sum");
  };
  return sums.every(isSame) ? undefined : "sum() has another type and bound in DuckDB's SQL";
}

function isSummedAlike({ type_text: type }: TypedColumn): boolean {
  const digits = /^(?:decimal|dec|numeric)(?:\s*\(\s*(\d+)(?!\d)[^()]*\))?$/i.exec(type.trim());
  return digits ? Number(digits[1] ?? 10) <= safeDigits : /^double$/i.test(type.trim());
}
