import { z } from "zod";
import { ToolError } from "../../../core/errors.ts";
import type { StatementPlan } from "../engine.ts";
import { limitOf } from "./limit.ts";
import { plainCountOf } from "./plain-count.ts";
import { plainLimitOf } from "./plain-limit.ts";
import { readingsOf } from "./row-conditions.ts";
import { sessionNamesOf } from "./session-names.ts";
import { describePosition, foldName, isNode } from "./syntax-tree.ts";
import { checkText } from "./text-limits.ts";
import { typedColumnsOf } from "./typed-columns.ts";
import { tablesOf } from "./walk.ts";

/** Longest statement taken, in UTF-16 units. */
export const maxSqlChars = 200_000;

const serialised = z.union([
  z.object({ error: z.literal(false), statements: z.array(z.unknown()) }),
  z.object({
    error: z.literal(true),
    error_type: z.string(),
    error_message: z.string(),
    position: z.string().optional(),
  }),
]);

/** What must be held against the tables of a statement that passed, once they are there. */
export interface GatedStatement extends StatementPlan {
  /** Names that must be columns of a table, for the engine would answer them itself. */
  sessionNames: string[];
  /** Rows after which it stops, where it says so at its end in plain numbers. */
  limitRows: number | undefined;
}

/** What is left to hold against the tables and to run: little, whatever the statement's length. */
export type PassedStatement = Pick<GatedStatement, "tables" | "sessionNames" | "limitRows">;

/** DuckDB's `json_serialize_sql` of a statement: the tree or the parser's error, as JSON text. */
export type SerializeSql = (sql: string) => Promise<string>;

/**
 * Holds a statement to one SELECT inside the fence and names its tables. Throws `invalid_input`, with the
 * parser's word and the position for syntax errors.
 */
export async function passGate(sql: string, serialize: SerializeSql): Promise<GatedStatement> {
  if (sql.length > maxSqlChars) {
    throw new ToolError(
      "too_large",
      `The statement has ${sql.length} characters; ${maxSqlChars} are allowed.`,
    );
  }
  if (sql.includes("\0")) throw new ToolError("invalid_input", "The statement holds a NUL character.");
  checkText(sql);
  const reply = serialised.parse(JSON.parse(await serialize(sql)));
  if (reply.error) throw parserError(sql, reply.error_message, reply.position);
  const [statement, ...others] = reply.statements;
  if (!isNode(statement)) throw new ToolError("invalid_input", "The statement is empty. Write one SELECT.");
  if (others.length > 0) throw tooMany(others.length + 1);
  return {
    ...plainLimitOf(statement),
    ...plainCountOf(statement),
    tables: tablesOf(statement),
    sessionNames: sessionNamesOf(statement),
    limitRows: limitOf(statement),
    readings: readingsOf(statement),
    typedColumns: typedColumnsOf(statement),
  };
}

/**
 * Refuses tables that were not registered, and pairs that DuckDB could not tell apart.
 * `names` are those of the call's scans.
 */
export function checkTables(plan: Pick<StatementPlan, "tables">, names: readonly string[]): void {
  const byFolded = new Map<string, string>();
  for (const name of names) {
    const twin = byFolded.get(foldName(name));
    if (twin !== undefined && twin !== name) {
      throw new ToolError(
        "invalid_input",
        `The tables ${quote(twin)} and ${quote(name)} differ only in case, which SQL does not tell apart. Give one another name.`,
      );
    }
    byFolded.set(foldName(name), name);
  }
  for (const table of plan.tables) {
    if (byFolded.get(foldName(table)) === undefined) {
      throw new ToolError("invalid_input", `The table ${quote(table)} is not among this query's sources.`);
    }
  }
}

function parserError(sql: string, message: string, position: string | undefined): ToolError {
  if (message.startsWith("Only SELECT")) return notSelect(sql);
  const at = position === undefined ? "" : ` (${describePosition(sql, Number(position))})`;
  return new ToolError("invalid_input", `The statement has a syntax error${at}: ${message.slice(0, 300)}`);
}

function notSelect(sql: string): ToolError {
  const code = withoutTexts(sql);
  const heads = code.split(";").flatMap((part) => /[a-z_]+/i.exec(part)?.[0].toUpperCase() ?? []);
  if (heads.length > 1) return tooMany(heads.length, heads);
  if (/\bpivot\b/i.test(code)) {
    return new ToolError(
      "invalid_input",
      "Allowed is one SELECT. A PIVOT needs its values listed: PIVOT t ON c IN ('a', 'b') USING sum(x).",
    );
  }
  return new ToolError("invalid_input", `Allowed is one SELECT; this is ${heads[0] ?? "something else"}.`);
}

function tooMany(count: number, heads: readonly string[] = []): ToolError {
  const shown = heads.length > 5 ? [...heads.slice(0, 5), "…"] : heads;
  const named = shown.length > 0 ? ` (${shown.join("; ")})` : "";
  return new ToolError(
    "invalid_input",
    `${count} statements were given${named}; one SELECT is allowed. Send each SELECT as a call of its own.`,
  );
}

/** The statement without what is in quotes and comments. What is not closed ends with the statement. */
function withoutTexts(sql: string): string {
  const texts =
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'[^']*(?:'|$)|"[^"]*(?:"|$)|\$([a-z_]*)\$[\s\S]*?(?:\$\1\$|$)/gi;
  return sql.replace(texts, " ");
}

function quote(name: string): string {
  return `"${name.length > 120 ? `${name.slice(0, 120)}…` : name}"`;
}
