import { ToolError } from "../../../core/errors.ts";
import { type Relation, relationsOf } from "./relations.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** One SELECT of Trino, held to that, with every table it names. */
export interface TrinoStatement {
  /** Without comments and without a semicolon at its end; each token one blank apart where there was any. */
  tokens: readonly Token[];
  relations: readonly Relation[];
}

/** Longest statement Athena takes, in bytes. Source: Athena "Service Quotas". */
const maxStatementBytes = 262_144;
/** What is put before and around a statement. */
const reservedBytes = 65_536;

/**
 * Holds a text to one SELECT in Trino's SQL: no other statement, no UNLOAD, no function of elsewhere. DuckDB's parser is
 * not asked, since a text can mean one thing in its grammar and another in Trino's. Throws `invalid_input`, `too_large`.
 */
export function readStatement(sql: string): TrinoStatement {
  const sizeBytes = Buffer.byteLength(sql);
  if (sizeBytes > maxStatementBytes - reservedBytes) {
    throw new ToolError(
      "too_large",
      `The statement has ${sizeBytes} bytes; Athena takes ${maxStatementBytes - reservedBytes} through this server.`,
    );
  }
  if (/[\0\p{Surrogate}]/u.test(sql)) {
    throw new ToolError("invalid_input", "The statement holds a NUL character or half a surrogate pair.");
  }
  const tokens = tokensOf(sql);
  while (tokens.at(-1)?.text === ";") tokens.pop();
  return { tokens, relations: relationsOf(tokens) };
}

/** A name as Trino takes it whatever it holds. */
export function quoteTrino(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The statement's text with every relation replaced by what `nameOf` gives for it, and comments gone. `ctes` are put in
 * front: name → what it selects from.
 */
export function writeStatement(
  { tokens, relations }: TrinoStatement,
  nameOf: (relation: Relation) => string,
  ctes: ReadonlyMap<string, string> = new Map(),
): string {
  const byStart = new Map(relations.map((relation) => [relation.start, relation]));
  const written: string[] = [];
  let skipTo = 0;
  let end = 0;
  for (const token of tokens) {
    if (token.start < skipTo) continue;
    const relation = byStart.get(token.start);
    if (token.start > end) written.push(" ");
    written.push(relation ? nameOf(relation) : token.text);
    end = relation?.end ?? token.end;
    skipTo = end;
  }
  return withCtes(written.join("").trim(), tokens, ctes);
}

function withCtes(sql: string, [first, second]: readonly Token[], ctes: ReadonlyMap<string, string>): string {
  if (ctes.size === 0) return sql;
  const list = [...ctes].map(([name, from]) => `${quoteTrino(name)} AS (SELECT * FROM ${from})`).join(", ");
  if (first?.kind !== "word" || first.value !== "WITH") return `WITH ${list} ${sql}`;
  const isRecursive = second?.kind === "word" && second.value === "RECURSIVE";
  const rest = sql.replace(isRecursive ? /^\w+\s+\w+/ : /^\w+/, "");
  return `WITH ${isRecursive ? "RECURSIVE " : ""}${list},${rest}`;
}
