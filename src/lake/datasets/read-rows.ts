import { ToolError } from "../../core/errors.ts";
import { requestCursors } from "../../core/results.ts";
import type { DatasetRows, ReadRowsRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { checkFilter } from "./check-filter.ts";
import type { Dataset } from "./dataset.ts";
import { withPruned } from "./prune-files.ts";
import {
  bytesAhead,
  keptPage,
  ownerOf,
  type PlacedRows,
  placeBehind,
  type RowsPlace,
  rowsAhead,
  rowsPlace,
} from "./read-ahead.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { beforeFilter, inCallersWords } from "./rows-faults.ts";
import { rowsSql, tableName } from "./rows-sql.ts";
import { isNewReading, newReadingNotes, startPage } from "./start-page.ts";
import { type LakeParts, scansOf, withTables } from "./with-tables.ts";

/**
 * One page of rows in the order of files and of rows in them. A cursor is a number of rows to skip, so it needs
 * nothing kept, and holds as long as the data does; rows read ahead make it cheap to follow while they are kept.
 * What was rejected is told with the first page. Large text files are read by their first bytes alone while those
 * hold the page. Throws `changed` where the data did.
 */
export async function readRows(
  parts: LakeParts,
  request: ReadRowsRequest,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { columns, filter, maxRows: _rows, maxBytes: _bytes, cursor, ...named } = request;
  const { tenantId, principalId } = scope;
  const cursors = requestCursors([named, columns, filter, tenantId, principalId], rowsPlace);
  const from = cursor === undefined ? undefined : cursors.decode(cursor);
  if (filter !== undefined) checkFilter(filter);
  return parts.resolver.withDatasets([named], scope, async ([dataset], scope) => {
    if (!dataset) throw new TypeError("One dataset was asked for.");
    const { next, ...page } = await pageAt(parts, dataset, from, request, scope);
    return { ...page, more: next !== undefined, ...(next ? { cursor: cursors.encode(next) } : {}) };
  });
}

async function pageAt(
  parts: LakeParts,
  dataset: Dataset,
  from: RowsPlace | undefined,
  request: ReadRowsRequest,
  scope: LakeScope,
): Promise<PlacedRows> {
  const { version } = dataset;
  if (from && from.version !== version) {
    throw new ToolError(
      "changed",
      `${quoteName(dataset.uri)} changed since the cursor was given out. Read it again from the start.`,
    );
  }
  const start = from ?? { version, offset: 0 };
  return (
    (await keptPage(parts.engine, start, request, scope)) ??
    (await startPage(parts, dataset, start, request, scope)) ??
    (await runPage(parts, dataset, start, request, scope))
  );
}

/** A page by the engine: alone where it is the first, which may be all that is wanted; else with rows ahead. */
async function runPage(
  parts: LakeParts,
  dataset: Dataset,
  start: RowsPlace,
  { columns, filter, maxRows, maxBytes }: ReadRowsRequest,
  scope: LakeScope,
): Promise<PlacedRows> {
  if (filter !== undefined) await checkReadsNothing(parts, filter, scope);
  const { offset } = start;
  const keepRest = offset > 0;
  const rowCount = keepRest ? rowsAhead(offset, maxRows) : maxRows;
  const named = [{ name: tableName, dataset }];
  const sql = rowsSql(columns, filter, rowCount, offset);
  const plan =
    filter === undefined || (dataset.partitionColumns.length === 0 && !dataset.table)
      ? { tables: [], readings: [], typedColumns: [] }
      : await parts.engine.plan(sql, scope);
  return withPruned(parts, named, plan, scope, (pruned) =>
    withTables(parts, pruned, scope, async (tables) => {
      const bounds = { maxRows, maxBytes, keepRest, maxKeptBytes: bytesAhead(maxBytes) };
      const run = (sql: string) =>
        parts.engine.run({ sql, tables: scansOf(tables), ...bounds, owner: ownerOf(scope) }, scope);
      const { handle, totalRows, ...page } = await inCallersWords(
        { columns, filter },
        async () => (await run(`SELECT * FROM ${tableName} LIMIT 0`)).columns,
        () => run(sql),
      );
      const isLast = totalRows !== undefined && totalRows <= rowCount;
      const kept = handle === undefined ? undefined : { handle, start: offset, rowCount, isLast };
      return {
        ...page,
        next: placeBehind(page, { ...start, kept }),
        ...(isNewReading(start, undefined) ? rejectedRows(tables) : { rejectedCount: 0, rejects: [] }),
        notes: [...newReadingNotes(start, undefined), ...tableNotes(tables), ...page.notes],
      };
    }),
  );
}

async function checkReadsNothing(parts: LakeParts, filter: string, scope: LakeScope): Promise<void> {
  const { tables } = await inCallersWords(
    { columns: [], filter },
    async () => [],
    () => parts.engine.plan(`${beforeFilter}${filter}\n)`, scope),
  );
  if (tables.length === 0) return;
  throw new ToolError(
    "invalid_input",
    `The filter reads from ${quoteName(tables[0] ?? "")}; a filter looks at the rows themselves. Call lake_query.`,
  );
}
