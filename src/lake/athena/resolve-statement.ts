import { ToolError } from "../../core/errors.ts";
import { takeDownTable } from "../../core/service-calls.ts";
import { closest } from "../../core/suggest.ts";
import type { LakeQueryRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { type AllowedTables, athenaUri, formatTable, type TableName } from "./allowed-tables.ts";
import type { Relation } from "./trino/relations.ts";
import { quoteTrino, readStatement, type TrinoStatement, writeStatement } from "./trino/statement.ts";

/** A statement with every table of it found, allowed and named in full. */
export interface ResolvedStatement {
  statement: TrinoStatement;
  /** The text for Athena. */
  sql: string;
  tables: TableName[];
  /** The table each place of the statement reads. */
  tableOf(relation: Relation): TableName;
  notes: string[];
}

export interface ResolveDeps {
  allowed: AllowedTables;
  catalog: string;
  /** The table that is exactly the files at an `s3://` name. Throws `invalid_input` where none is, and says why. */
  tableAt(uri: string, scope: LakeScope): Promise<TableName>;
}

const scheme = "athena://";
const maxTables = 64;

/**
 * Holds a request's statement to one SELECT over allowed tables. Tables are `database.table`, names of `sources`, or texts
 * with `athena://database.table` or the `s3://` place that is one. Throws `invalid_input`, `denied`, `too_large`.
 */
export async function resolveStatement(
  deps: ResolveDeps,
  { sql, sources }: Pick<LakeQueryRequest, "sql" | "sources">,
  scope: LakeScope,
): Promise<ResolvedStatement> {
  const statement = readStatement(sql);
  if (statement.relations.length > maxTables) {
    throw new ToolError(
      "too_large",
      `The statement names tables in ${statement.relations.length} places; ${maxTables} are allowed.`,
    );
  }
  const tables = new Map<string, TableName>();
  const ctes = new Map<string, string>();
  const notes = new Set<string>();
  for (const relation of statement.relations) {
    const key = keyOf(relation);
    const given = givenName(relation, sources);
    const table =
      tables.get(key) ??
      (given === undefined ? deps.allowed.check(relation.parts) : await named(deps, given, scope));
    tables.set(key, table);
    if (given === undefined) continue;
    ctes.set(relation.parts[0] ?? "", fullName(deps.catalog, table));
    if (given.startsWith("s3://"))
      notes.add(`Athena read ${quoteName(given)} as the table ${formatTable(table)} of the Glue catalog.`);
  }
  const tableOf = (relation: Relation) => {
    const table = tables.get(keyOf(relation));
    if (!table) throw new TypeError("A relation of another statement.");
    return table;
  };
  const nameOf = (relation: Relation) =>
    relation.parts.length > 1
      ? fullName(deps.catalog, tableOf(relation))
      : quoteTrino(relation.parts[0] ?? "");
  return {
    statement,
    sql: writeStatement(statement, nameOf, ctes),
    tables: [...new Map([...tables.values()].map((table) => [formatTable(table), table])).values()],
    tableOf,
    notes: [...notes],
  };
}

function keyOf({ parts, isText }: Relation): string {
  return JSON.stringify([isText, parts]);
}

/** What a place outside the catalog stands for: a text itself, a name what `sources` says. Undefined for `database.table`. */
function givenName({ parts, isText }: Relation, sources: LakeQueryRequest["sources"]): string | undefined {
  const [name = ""] = parts;
  if (isText) return name;
  if (parts.length > 1) return undefined;
  const source = Object.entries(sources).find(([known]) => known.toLowerCase() === name)?.[1];
  if (source) return source.uri;
  const near = closest(name, Object.keys(sources));
  throw new ToolError(
    "invalid_input",
    `The table ${quoteName(name)} is not among sources${near ? `; did you mean ${quoteName(near)}?` : ""}. For Athena, write FROM database.table, or name it in sources as athena://database.table.`,
  );
}

async function named(deps: ResolveDeps, uri: string, scope: LakeScope): Promise<TableName> {
  if (uri.startsWith(scheme)) return tableOfUri(deps.allowed, uri);
  if (uri.startsWith("s3://")) {
    const table = await deps.tableAt(uri, scope);
    takeDownTable(athenaUri(table));
    return table;
  }
  throw new ToolError(
    "invalid_input",
    `Athena cannot read ${quoteName(uri)}. Name a table of the Glue catalog: database.table, or athena://database.table.`,
  );
}

/** Whether a name is meant for Athena's catalog. */
export function isAthenaUri(uri: string): boolean {
  return uri.startsWith(scheme);
}

/** `athena://database.table`. Throws `invalid_input`, `denied`. */
export function tableOfUri(allowed: AllowedTables, uri: string): TableName {
  return allowed.check(uri.slice(scheme.length).toLowerCase().split("."));
}

function fullName(catalog: string, { database, table }: TableName): string {
  return [catalog.toLowerCase(), database, table].map(quoteTrino).join(".");
}
