import { ToolError } from "../../core/errors.ts";
import type { AllowedNames } from "../databricks/allowed.ts";
import { withNullOrder } from "../databricks/sql/null-order.ts";
import { differenceByTypes } from "../databricks/sql/same-by-types.ts";
import { differenceInDuckDb } from "../databricks/sql/same-in-both.ts";
import { isDatabricksName, parseTableName } from "../databricks/table-name.ts";
import type { DatasetRequest, LakeQueryRequest } from "../lake.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import type { SqlEngine } from "../sql/engine.ts";
import { foldName } from "../sql/gate/syntax-tree.ts";
import type { RemoteEngine } from "./engine.ts";
import { mayWarehouseDo } from "./hand-over.ts";

export interface ChooserDeps {
  allowed: AllowedNames;
  /** Parses statements, to see which tables they name. */
  parser: Pick<SqlEngine, "plan">;
}

/** Characters of statements whose tables are remembered. */
const rememberedChars = 1_000_000;

/** The tables a statement names; undefined for what DuckDB does not parse. */
type NamedTables = (sql: string, scope: LakeScope) => Promise<readonly string[] | undefined>;

/** `unparsed`: of a statement that names Databricks somewhere and that DuckDB cannot parse. */
type Tables = "none" | "databricks" | "mixed" | "unparsed";

/**
 * When `auto` takes the warehouse: for statements over its tables alone that mean something else to this server's own
 * engine, and for those whose tables' files that could not read. All others are read from files.
 */
export function createDatabricksChooser({
  allowed,
  parser,
}: ChooserDeps): Required<Pick<RemoteEngine, "suits" | "takesOver" | "asLocal" | "mayDo">> {
  const deps = { allowed, namedTables: createNamedTables(parser) };
  return {
    async suits(request, scope) {
      const tables = await tablesOf(deps, request, scope);
      if (tables === "unparsed") {
        return {
          takes: true,
          notes: [ranThere("the engine local does not take the statement as it is written")],
        };
      }
      const why = "It names no table that only a warehouse reads.";
      if (tables !== "databricks" || isOfMoment(request)) return { takes: false, why };
      const difference = differenceInDuckDb(request.sql);
      return difference === undefined
        ? { takes: false, why }
        : { takes: true, notes: [ranThere(difference)] };
    },
    mayDo: mayWarehouseDo,
    async asLocal(request, scope) {
      const { sql } = request;
      if ((await tablesOf(deps, request, scope)) !== "databricks") return { request, scope, notes: [] };
      const difference = differenceInDuckDb(sql);
      if (difference !== undefined) return { request, scope, notes: [ranAsOwn(difference)] };
      const differenceOver: LakeScope["differenceOver"] = (columns) => differenceByTypes(sql, columns);
      return {
        request: { ...request, sql: withNullOrder(sql) },
        scope: { ...scope, differenceOver },
        notes: [],
      };
    },
    async takesOver(request, scope) {
      const tables = await tablesOf(deps, request, scope);
      if (tables !== "databricks") {
        return { takes: false, why: "a warehouse runs statements over tables of Databricks alone." };
      }
      if (isOfMoment(request)) {
        return { takes: false, why: "write VERSION AS OF or TIMESTAMP AS OF, and give engine: databricks." };
      }
      const difference = differenceInDuckDb(request.sql);
      if (difference === undefined) return { takes: true, notes: [] };
      return { takes: false, why: `${difference}. Write Databricks SQL and give engine: databricks.` };
    },
  };
}

function ranThere(reason: string): string {
  return `The statement ran on the SQL warehouse, in Databricks SQL: ${reason}. Where it can be read from files, engine: local does so, in DuckDB's SQL.`;
}

/** Where it is of a moment, which no warehouse is asked for. */
function ranAsOwn(difference: string): string {
  return `The statement ran here, in DuckDB's SQL, as sources give a version or timestamp: in Databricks SQL it may mean something else, as ${difference}. For that write VERSION AS OF or TIMESTAMP AS OF and give engine: databricks.`;
}

function isOfMoment({ sources }: LakeQueryRequest): boolean {
  return Object.values(sources).some(
    ({ uri, version, timestamp }) =>
      isDatabricksName(uri) && (version !== undefined || timestamp !== undefined),
  );
}

/** Throws `denied` for a table outside what may be read, before anything is asked of any. */
async function tablesOf(
  { allowed, namedTables }: { allowed: AllowedNames; namedTables: NamedTables },
  { sql, sources }: LakeQueryRequest,
  scope: LakeScope,
): Promise<Tables> {
  const isSource = Object.values(sources).some(({ uri }) => isDatabricksName(uri));
  if (!isSource && !/databricks:/i.test(sql)) return "none";
  const tables = await namedTables(sql, scope);
  if (!tables) return "unparsed";
  const sourceOf = sourceFinder(sources);
  const own = tables.map((name) => sourceOf(name)?.uri ?? name).filter(isDatabricksName);
  for (const uri of own) allowed.checkTable(parseTableName(uri));
  if (own.length === 0) return "none";
  return own.length === tables.length ? "databricks" : "mixed";
}

/** Asked several times for each statement, and an answer takes a query worker: it is remembered. */
function createNamedTables(parser: ChooserDeps["parser"]): NamedTables {
  const known = new RecentMap<{ tables: readonly string[] | undefined; chars: number }>(
    rememberedChars,
    ({ chars }) => chars,
  );
  return async (sql, scope) => {
    const before = known.get(sql);
    if (before) return before.tables;
    const tables = await plannedTables(parser, sql, scope);
    known.set(sql, { tables, chars: sql.length });
    return tables;
  };
}

async function plannedTables(
  parser: ChooserDeps["parser"],
  sql: string,
  scope: LakeScope,
): ReturnType<NamedTables> {
  try {
    return (await parser.plan(sql, scope)).tables;
  } catch (thrown) {
    if (thrown instanceof ToolError && thrown.code === "invalid_input") return undefined;
    throw thrown;
  }
}

/** What a name in FROM stands for, where `sources` say it. */
export function sourceFinder(
  sources: LakeQueryRequest["sources"],
): (name: string) => DatasetRequest | undefined {
  const exact = new Map(Object.entries(sources));
  const folded = new Map([...exact].reverse().map(([name, source]) => [foldName(name), source]));
  return (name) => exact.get(name) ?? folded.get(foldName(name));
}
