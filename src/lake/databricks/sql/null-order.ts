import { wordOf } from "./reader.ts";
import { type Token, tokensOrNone } from "./tokens.ts";

/** Words that end what is sorted by. */
const behindOrder = new Set("limit offset rows range union intersect except".split(" "));

/**
 * A statement with the order of NULLs written out that Spark gives them: first, and last where it sorts down. DuckDB has
 * them last in both. What is no Databricks SQL stays as it is. Source: Databricks SQL "ORDER BY clause".
 */
export function withNullOrder(sql: string): string {
  const tokens = tokensOrNone(sql) ?? [];
  const missing = tokens.flatMap((token, at) =>
    wordOf(token) === "order" && wordOf(tokens[at + 1] ?? token) === "by"
      ? ordersMissing(tokens, at + 2)
      : [],
  );
  let done = "";
  let from = 0;
  for (const { end, order } of missing.sort((left, right) => left.end - right.end)) {
    done += `${sql.slice(from, end)} ${order}`;
    from = end;
  }
  return done + sql.slice(from);
}

/** Where a key ends that does not say it itself, and what it would say. */
function ordersMissing(tokens: readonly Token[], start: number): { end: number; order: string }[] {
  const missing: { end: number; order: string }[] = [];
  let key: Token[] = [];
  let depth = 0;
  for (const token of tokens.slice(start)) {
    const mark = token.kind === "mark" ? token.text : "";
    if (mark === "(") depth++;
    const isLast =
      token.kind === "end" ||
      (mark === ")" && --depth < 0) ||
      (depth === 0 && behindOrder.has(wordOf(token)));
    if (!isLast && !(depth === 0 && mark === ",")) {
      key.push(token);
      continue;
    }
    const end = key.at(-1)?.end;
    if (end !== undefined && wordOf(key.at(-2) ?? token) !== "nulls") {
      const isDown = wordOf(key.at(-1) ?? token) === "desc";
      missing.push({ end, order: isDown ? "NULLS LAST" : "NULLS FIRST" });
    }
    if (isLast) break;
    key = [];
  }
  return missing;
}
