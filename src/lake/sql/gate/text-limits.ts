import { ToolError } from "../../../core/errors.ts";
import { describePosition } from "./syntax-tree.ts";

/** `--` begins a comment, and so ends a run of signs. */
const signs = /(?:\+|-(?!-))+/g;
const mostSigns = 64;

/** Characters that operators are made of, all that follow each other. */
const operators = /[~!@#^&|`?+\-*/%<>=]+/g;
const mostOpenings = 32;

/**
 * Refuses, with `invalid_input`, the texts that DuckDB's lexer takes minutes for: it looks at a run of operators
 * again from each comment that begins in it (64 KB of them: some 40 s), and at a run of signs twice again from each sign (4 KB: 70 s),
 * which nothing interrupts. Runs are looked for in comments and quotes too: which these are, no second lexer has to
 * know. Nesting, chains and lists DuckDB bounds itself. Figures: docs/adr/0037-texts-that-the-lexer-is-spared.md.
 */
export function checkText(sql: string): void {
  for (const { 0: run, index } of sql.matchAll(signs)) {
    if (run.length <= mostSigns) continue;
    throw refusal(
      sql,
      index,
      `${run.length} signs (+ or -) in a row; ${mostSigns} are allowed. Put fewer, or blanks between them`,
    );
  }
  for (const { 0: run, index } of sql.matchAll(operators)) {
    const openings = run.split("/*").length - 1;
    if (openings <= mostOpenings) continue;
    throw refusal(
      sql,
      index,
      `${openings} times /* in one run of operators; ${mostOpenings} are allowed. Leave these comments out, or put a blank or a line end after each`,
    );
  }
}

function refusal(sql: string, at: number, what: string): ToolError {
  return new ToolError("invalid_input", `The statement has ${what} (${describePosition(sql, at)}).`);
}
