import type { Column } from "../../src/lake/sql/engine.ts";
import type { SqlQuestion } from "./grammar/statement.ts";
import type { Answer } from "./whole-files.ts";

/** What is wrong with an answer, in a few words; undefined where nothing is. */
export type Verdict = string | undefined;

type Rows = { columns: Column[]; rows: unknown[][] };

/** Compares an answer of the lake with that over the whole files, as far as SQL fixes it. */
export function compare(
  question: Pick<SqlQuestion, "orderedBy" | "cut">,
  got: Answer,
  expected: Answer,
  whole?: Answer,
): Verdict {
  if ("error" in got || "error" in expected) return compareFaults(got, expected, question.cut !== undefined);
  return (
    compareColumns(got, expected) ??
    (question.cut ? compareCut(question, got, expected, whole) : compareAll(question, got, expected))
  );
}

/** Some rows of a table can be there where reading all of them fails, and the other way round. */
function compareFaults(got: Answer, expected: Answer, isCut: boolean): Verdict {
  if ("error" in got && "error" in expected) return undefined;
  if (isCut && "error" in expected) return undefined;
  return "error" in got
    ? `failed: ${got.error}`
    : `succeeded where the whole files fail: ${"error" in expected ? expected.error : ""}`;
}

function compareColumns(got: Rows, expected: Rows): Verdict {
  const ours = columnsText(got.columns);
  const theirs = columnsText(expected.columns);
  return ours === theirs ? undefined : `columns are ${ours} in place of ${theirs}`;
}

/** Results say the first 1,000 characters of a type's name. */
function columnsText(columns: readonly Column[]): string {
  const shortened = (type: string) => (type.length > 1_000 ? `${type.slice(0, 1_000)}…` : type);
  return JSON.stringify(columns.map(({ name, type }) => [name, type.endsWith("…") ? type : shortened(type)]));
}

function compareAll({ orderedBy }: Pick<SqlQuestion, "orderedBy">, got: Rows, expected: Rows): Verdict {
  if (got.rows.length !== expected.rows.length)
    return `${got.rows.length} rows in place of ${expected.rows.length}`;
  return surplus(got.rows, expected.rows) ?? compareOrder(orderedBy, got.rows, expected.rows);
}

/** The rows must be among all rows, as many as asked for, and where there is an order, those that come first in it. */
function compareCut(
  { orderedBy, cut }: Pick<SqlQuestion, "orderedBy" | "cut">,
  got: Rows,
  expected: Rows,
  whole?: Answer,
): Verdict {
  if (!cut || !whole || "error" in whole) return compareAll({ orderedBy }, got, expected);
  const count = Math.min(cut.limit, Math.max(0, whole.rows.length - cut.offset));
  if (got.rows.length !== count) return `${got.rows.length} rows in place of ${count}`;
  return surplus(got.rows, whole.rows) ?? compareOrder(orderedBy, got.rows, expected.rows);
}

/** Rows in exactly the order they should be in. */
export function compareSequence(got: Rows, expected: Rows): Verdict {
  const different = compareColumns(got, expected);
  if (different) return different;
  const at = expected.rows.findIndex((row, index) => JSON.stringify(row) !== JSON.stringify(got.rows[index]));
  if (at >= 0) return `row ${at} is ${show(got.rows[at])} in place of ${show(expected.rows[at])}`;
  return got.rows.length === expected.rows.length
    ? undefined
    : `${got.rows.length} rows in place of ${expected.rows.length}`;
}

/** A row that is there more often than it should be. */
function surplus(got: readonly unknown[][], allowed: readonly unknown[][]): Verdict {
  const left = new Map<string, number>();
  for (const row of allowed) {
    const key = JSON.stringify(row);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  for (const row of got) {
    const key = JSON.stringify(row);
    const count = left.get(key) ?? 0;
    if (count === 0) return `the row ${show(row)} should not be there`;
    left.set(key, count - 1);
  }
  return undefined;
}

function compareOrder(
  orderedBy: readonly number[],
  got: readonly unknown[][],
  expected: readonly unknown[][],
): Verdict {
  if (orderedBy.length === 0) return undefined;
  const keys = (row: readonly unknown[] | undefined) => JSON.stringify(orderedBy.map((at) => row?.[at]));
  const at = expected.findIndex((row, index) => keys(row) !== keys(got[index]));
  return at < 0 ? undefined : `row ${at} has keys ${keys(got[at])} in place of ${keys(expected[at])}`;
}

function show(row: unknown): string {
  const text = JSON.stringify(row) ?? "nothing";
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}
