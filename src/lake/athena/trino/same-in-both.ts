import type { Token } from "./tokens.ts";

/** Functions that answer the same in DuckDB and Trino for whatever both take. */
const sameFunctions = new Set(
  "SUM COUNT MIN MAX ABS COALESCE NULLIF LOWER UPPER LENGTH REPLACE STARTS_WITH ROW_NUMBER RANK DENSE_RANK LAG LEAD FIRST_VALUE YEAR MONTH DAY HOUR MINUTE".split(
    " ",
  ),
);

/** Words before a parenthesis that are no function's name. */
const grammarWords = new Set(
  "ALL AND ANY AS BETWEEN BY CASE CUBE DISTINCT ELSE EXCEPT EXISTS FILTER FROM HAVING IN INTERSECT JOIN LATERAL NOT ON OR OVER ROLLUP SELECT SETS THEN UNION USING VALUES WHEN WHERE".split(
    " ",
  ),
);

/**
 * Why a statement written for DuckDB might give other rows in Trino; undefined where it means the same in both. Division,
 * casts, averages of decimals and many functions differ without an error: `7/2` is 3.5 in one and 3 in the other.
 */
export function differenceInTrino(tokens: readonly Token[]): string | undefined {
  for (const [at, token] of tokens.entries()) {
    if (["/", "[", "->", "=>"].includes(token.text))
      return `${token.text} means something else in Trino's SQL`;
    if (token.kind === "word" && ["CAST", "TRY_CAST", "TABLESAMPLE"].includes(token.value))
      return `${token.value} works differently in Trino's SQL`;
    const isCall = tokens[at + 1]?.text === "(" && (token.kind === "word" || token.kind === "quoted");
    if (!isCall || isSame(token)) continue;
    return `${token.text}() is not known to answer the same in Trino's SQL`;
  }
  return undefined;
}

function isSame({ kind, value }: Token): boolean {
  return kind === "word" && (sameFunctions.has(value) || grammarWords.has(value));
}
