import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { requestCursors } from "../../core/results.ts";
import type { AllowedNames } from "../databricks/allowed.ts";
import { typeNameOf } from "../databricks/spark-type.ts";
import { sparkValue } from "../databricks/spark-value.ts";
import { gateFilter } from "../databricks/sql/filter.ts";
import { gateStatement } from "../databricks/sql/statement.ts";
import type { StatementRequest, Statements } from "../databricks/statements.ts";
import {
  isDatabricksName,
  parseTableName,
  quoteSparkName,
  quoteTableName,
  type TableName,
} from "../databricks/table-name.ts";
import type { DatasetRequest, DatasetRows, LakeQueryRequest, ReadRowsRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import { callerOf, type LakeScope } from "../scope.ts";
import type { SqlEngine } from "../sql/engine.ts";
import { createDatabricksChooser, sourceFinder } from "./databricks-choice.ts";
import type { RemoteEngine, RemoteRows } from "./engine.ts";
import type { KeptRows, PageBounds } from "./kept-rows.ts";

export interface DatabricksEngineDeps {
  allowed: AllowedNames;
  statements: Statements;
  kept: KeptRows;
  /** Parses statements, to see which tables they name. */
  parser: Pick<SqlEngine, "plan">;
  now(): number;
}

/** A warehouse as an engine, and rows of one table by it. */
export interface DatabricksEngine extends RemoteEngine {
  readRows(request: ReadRowsRequest, scope: LakeScope): Promise<DatasetRows>;
}

/** A place in a result that is kept, and the statement it came from. */
const place = { handle: z.string(), offset: z.int().min(0), id: z.string() };
type Place = { handle: string; offset: number; id: string };
/** Pages of one table that are fetched at once, for a cursor to walk through. */
const pagesAhead = 20;
const leastRowsAhead = 10_000;

/** Runs statements on the SQL warehouse of the settings. */
export function createDatabricksEngine(deps: DatabricksEngineDeps): DatabricksEngine {
  return {
    name: "databricks",
    ...createDatabricksChooser(deps),
    stop: (id, { signal }) => deps.statements.stop(id, signal),
    async run(request, scope) {
      const { sql, sources, cursor } = request;
      const cursors = requestCursors(["databricks", sql, sources], place);
      const from = cursor === undefined ? undefined : cursors.decode(cursor);
      const found = from
        ? await furtherPage(deps, from, request, scope)
        : await firstPage(deps, { sql: gateStatement(sql, tableFinder(deps, sources)).sql }, request, scope);
      return withCursor(found, from, cursors.encode);
    },
    async readRows(request, scope) {
      const { uri, columns, filter, maxRows, maxBytes, cursor, ...hints } = request;
      const cursors = requestCursors(["databricks", uri, columns, filter], place);
      const from = cursor === undefined ? undefined : cursors.decode(cursor);
      const name = allowedTable(deps, { uri, ...hints });
      const ahead = Math.max(pagesAhead * maxRows, leastRowsAhead);
      const found = from
        ? await furtherPage(deps, from, { maxRows, maxBytes }, scope)
        : await firstPage(
            deps,
            { sql: rowsSql(name, columns, filter), maxRows: ahead },
            { maxRows, maxBytes },
            scope,
          );
      const { execution: _execution, ...page } = withCursor(found, from, cursors.encode);
      return page;
    },
  };
}

type Found = Omit<RemoteRows, "cursor"> & { handle?: string };

async function firstPage(
  { statements, kept, now }: DatabricksEngineDeps,
  statement: StatementRequest,
  bounds: PageBounds,
  scope: LakeScope,
): Promise<Found> {
  const startedMs = now();
  const result = await statements.run(statement, scope);
  const types = result.columns.map(({ type }) => type);
  const cut = `Databricks cut the result at ${statement.maxRows === undefined ? "" : `${statement.maxRows} rows or `}lake.databricks.maxResultBytes; rows may follow that are not kept. Aggregate, filter or LIMIT.`;
  const page = await kept.firstPage(
    {
      columns: result.columns.map(({ name, type }) => ({ name, type: typeNameOf(type) })),
      rows: valuesOf(result.rows, (row) =>
        row.map((value, index) => {
          const type = types[index];
          return type ? sparkValue(value, type) : value;
        }),
      ),
      totalRows: result.isCut ? undefined : result.rowCount,
      notes: result.isCut ? [cut] : [],
      owner: ownerOf(scope),
    },
    bounds,
  );
  return {
    ...page,
    rejectedCount: 0,
    rejects: [],
    // How long it took before it was taken up here is not known.
    execution: {
      id: result.id,
      ...(scope.outside?.resumes ? {} : { durationMs: Math.round(now() - startedMs) }),
    },
  };
}

async function* valuesOf(
  chunks: AsyncIterable<(string | null)[][]>,
  toValues: (row: (string | null)[]) => unknown[],
): AsyncGenerator<unknown[][]> {
  for await (const rows of chunks) yield rows.map(toValues);
}

async function furtherPage(
  { kept }: DatabricksEngineDeps,
  { handle, offset, id }: Place,
  { maxRows, maxBytes }: PageBounds,
  scope: LakeScope,
): Promise<Found> {
  const page = await kept.nextPage(handle, offset, ownerOf(scope), { maxRows, maxBytes });
  return { ...page, rejectedCount: 0, rejects: [], execution: { id } };
}

function withCursor(
  { handle, ...page }: Found,
  from: Place | undefined,
  encode: (place: Place) => string,
): RemoteRows {
  if (handle === undefined) return page;
  const offset = (from?.offset ?? 0) + page.rows.length;
  return { ...page, cursor: encode({ handle, offset, id: page.execution.id }) };
}

function tableFinder(
  deps: DatabricksEngineDeps,
  sources: LakeQueryRequest["sources"],
): (name: string) => TableName {
  const sourceOf = sourceFinder(sources);
  return (name) => allowedTable(deps, sourceOf(name) ?? { uri: name });
}

/** Throws `denied` outside what may be read, `invalid_input` for what no warehouse can read. */
function allowedTable({ allowed }: DatabricksEngineDeps, { uri, ...hints }: DatasetRequest): TableName {
  if (!isDatabricksName(uri)) {
    throw new ToolError(
      "invalid_input",
      `${quoteName(uri)} is no table of Databricks, and a warehouse reads no other. Write FROM 'databricks://catalog.schema.table', or query files by the engine local in a call of its own.`,
    );
  }
  const [hint] = Object.keys(hints);
  if (hint !== undefined) {
    throw new ToolError(
      "invalid_input",
      `${hint} says how a file is read; ${quoteName(uri)} is a table. Leave it out.`,
    );
  }
  const name = parseTableName(uri);
  allowed.checkTable(name);
  return name;
}

function rowsSql(name: TableName, columns: readonly string[], filter: string | undefined): string {
  const list = columns.length === 0 ? "*" : columns.map(quoteSparkName).join(" , ");
  const where = filter === undefined ? "" : ` WHERE ( ${gateFilter(filter)} )`;
  return `SELECT ${list} FROM ${quoteTableName(name)}${where}`;
}

/** Rows are kept for this caller alone. */
function ownerOf(scope: LakeScope): string {
  return JSON.stringify(["databricks", ...callerOf(scope)]);
}
