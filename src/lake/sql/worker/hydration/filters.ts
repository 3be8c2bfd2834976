import type { Column } from "../../engine.ts";
import { identifier, literal } from "../quoting.ts";

/** A condition over the least and greatest values of row groups, and the columns whose values it asks for. */
export interface GroupCondition {
  sql: string;
  columns: Column[];
}

/** The number of a row in its file, which the reader makes, where no column of the file has its name. */
export const rowNumber: Column = { name: "file_row_number", type: "BIGINT" };

/** Names of a column's least and greatest value in the condition. */
export function boundNames(name: string): { least: string; greatest: string } {
  return { least: identifier(`${name} least`), greatest: identifier(`${name} greatest`) };
}

/**
 * Turns what a plan says of a scan's filters into a condition that holds for every row group with a matching row.
 * What is not understood counts as holding. Undefined where nothing was understood.
 */
export function groupCondition(
  filters: readonly string[],
  columns: readonly Column[],
): GroupCondition | undefined {
  // Longer names first, so that none is taken for another it begins with.
  const hasOwn = columns.some(({ name }) => name.toLowerCase() === rowNumber.name);
  const byLength = [...columns, ...(hasOwn ? [] : [rowNumber])].sort((a, b) => b.name.length - a.name.length);
  const used = new Map<string, Column>();
  const conditions = filters
    .map((filter) => conditionOf(filter.replace(/^optional: /, ""), byLength, used))
    .filter((condition) => condition !== undefined);
  if (conditions.length === 0) return undefined;
  return { sql: conditions.join(" AND "), columns: [...used.values()] };
}

type Used = Map<string, Column>;

function conditionOf(text: string, columns: readonly Column[], used: Used): string | undefined {
  const bare = withoutParentheses(text.trim());
  const all = splitOutside(bare, " AND ");
  if (all.length > 1) {
    const known = all.map((part) => conditionOf(part, columns, used)).filter((part) => part !== undefined);
    return known.length === 0 ? undefined : `(${known.join(" AND ")})`;
  }
  const any = splitOutside(bare, " OR ");
  if (any.length > 1) {
    const known = any.map((part) => conditionOf(part, columns, used));
    return known.includes(undefined) ? undefined : `(${known.join(" OR ")})`;
  }
  return comparison(bare, columns, used);
}

const constant =
  /^(?:'(?:[^']|'')*'|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?:::[A-Z][A-Z0-9_ ]*(?:\(\d+, ?\d+\))?)?$/;

function comparison(text: string, columns: readonly Column[], used: Used): string | undefined {
  const column = columns.find(
    ({ name }) => text.startsWith(name) && /^\s*(?:[<>=]| IN )/.test(text.slice(name.length)),
  );
  if (!column || !hasOrderedBounds(column)) return undefined;
  const rest = text.slice(column.name.length).trim();
  const [, operator, value = ""] = /^(>=|<=|=|>|<|IN)\s*([\s\S]+)$/.exec(rest) ?? [];
  if (operator === undefined) return undefined;
  const values = operator === "IN" ? splitOutside(withoutParentheses(value), ", ") : [value.trim()];
  if (!values.every((one) => constant.test(one))) return undefined;
  // NaN is greater than all that the statistics tell of, and in none of them.
  const mayBeNaN = /^(FLOAT|DOUBLE)$/.test(column.type);
  if (mayBeNaN && operator.startsWith(">")) return undefined;
  used.set(column.name, column);
  const { least, greatest } = boundNames(column.name);
  const above = (one: string) => `coalesce(${greatest} ${operator === ">" ? ">" : ">="} ${one}, true)`;
  const below = (one: string) => `coalesce(${least} ${operator === "<" ? "<" : "<="} ${one}, true)`;
  if (operator === ">" || operator === ">=") return above(value);
  if (operator === "<" || operator === "<=") return below(value);
  const equals = (one: string) => (mayBeNaN ? below(one) : `(${below(one)} AND ${above(one)})`);
  return `(${values.map(equals).join(" OR ")})`;
}

/** Types whose statistics, as the engine prints them, cast back to the values they stand for. */
function hasOrderedBounds({ type }: Column): boolean {
  return /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT)|FLOAT|DOUBLE|DECIMAL\(.*\)|DATE|TIMESTAMP.*|VARCHAR)$/.test(
    type,
  );
}

/** `(…)` around the whole, and only such, taken off. */
function withoutParentheses(text: string): string {
  if (!text.startsWith("(") || closingOf(text) !== text.length - 1) return text;
  return withoutParentheses(text.slice(1, -1).trim());
}

function closingOf(text: string): number {
  let depth = 0;
  for (const { at, character } of outsideQuotes(text)) {
    if (character === "(") depth++;
    if (character === ")" && --depth === 0) return at;
  }
  return -1;
}

/** Parts between `separator`s that stand outside quotes and parentheses. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { at, character } of outsideQuotes(text)) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (depth === 0 && at >= start && text.startsWith(separator, at)) {
      parts.push(text.slice(start, at));
      start = at + separator.length;
    }
  }
  return [...parts, text.slice(start)];
}

function* outsideQuotes(text: string): Generator<{ at: number; character: string }> {
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "'") isQuoted = !isQuoted;
    else if (!isQuoted) yield { at, character };
  }
}

/** SQL of a column's bound out of its statistics' text. */
export function boundSql(column: Column, statistic: "stats_min_value" | "stats_max_value"): string {
  const isColumn = `lower(path_in_schema) = lower(${literal(column.name)})`;
  return `max(CASE WHEN ${isColumn} THEN TRY_CAST(${statistic} AS ${column.type}) END)`;
}
