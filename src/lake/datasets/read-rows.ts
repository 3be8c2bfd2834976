import { ToolError } from "../../core/errors.ts";
import { requestCursors } from "../../core/results.ts";
import type { DatasetRows, ReadRowsRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import { quoteIdentifier } from "../profile/column-kind.ts";
import type { LakeScope } from "../scope.ts";
import { checkFilter } from "./check-filter.ts";
import type { Dataset } from "./dataset.ts";
import {
  bytesAhead,
  cursorBehind,
  keptPage,
  ownerOf,
  type RowsPlace,
  rowsAhead,
  rowsCursor,
} from "./read-ahead.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { resolveDataset } from "./resolve-dataset.ts";
import { type LakeParts, scansOf, withTables } from "./with-tables.ts";

const tableName = "dataset";

/**
 * One page of rows in the order of files and of rows in them. A cursor is a number of rows to skip, so it needs
 * nothing kept, and holds as long as the data does; rows read ahead make it cheap to follow while they are kept.
 * What was rejected is told with the first page. Throws `changed` where the data did.
 */
export async function readRows(
  parts: LakeParts,
  request: ReadRowsRequest,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { columns, filter, maxRows, maxBytes, cursor, ...named } = request;
  const digest = createHash("sha256")
    .update(JSON.stringify([named, columns, filter]))
    .digest("base64url")
    .slice(0, 16);
  const from = cursor === undefined ? undefined : decodeCursor(cursor, rowsCursor);
  if (from && from.request !== digest) {
    throw new ToolError(
      "invalid_input",
      "The cursor belongs to other arguments. Give the same ones with it.",
    );
  }
  if (filter !== undefined) checkFilter(filter);
  const dataset = await resolveDataset(parts.stores, named, scope);
  const { version } = dataset;
  if (from && from.version !== version) {
    throw new ToolError(
      "changed",
      `${quoteName(dataset.uri)} changed since the cursor was given out. Read it again from the start.`,
    );
  }
  const start = from ?? { request: digest, version, offset: 0 };
  return (
    (await keptPage(parts.engine, start, request, scope)) ?? runPage(parts, dataset, start, request, scope)
  );
}

/** A page by the engine: alone where it is the first, which may be all that is wanted; else with rows ahead. */
async function runPage(
  parts: LakeParts,
  dataset: Dataset,
  start: RowsPlace,
  { columns, filter, maxRows, maxBytes }: ReadRowsRequest,
  scope: LakeScope,
): Promise<DatasetRows> {
  if (filter !== undefined) await checkReadsNothing(parts, filter, scope);
  const { offset } = start;
  const keepRest = offset > 0;
  const rowCount = keepRest ? rowsAhead(offset, maxRows) : maxRows;
  return withTables(parts, [{ name: tableName, dataset }], scope, async (tables) => {
    const { handle, totalRows, ...page } = await parts.engine.run(
      {
        sql: rowsSql(columns, filter, rowCount, offset),
        tables: scansOf(tables),
        maxRows,
        maxBytes,
        keepRest,
        maxKeptBytes: bytesAhead(maxBytes),
        owner: ownerOf(scope),
      },
      scope,
    );
    const isLast = totalRows !== undefined && totalRows <= rowCount;
    const kept = handle === undefined ? undefined : { handle, start: offset, rowCount, isLast };
    return {
      ...page,
      ...cursorBehind(page, { ...start, kept }),
      ...(offset === 0 ? rejectedRows(tables) : { rejectedCount: 0, rejects: [] }),
      notes: [...tableNotes(tables), ...page.notes],
    };
  });
}

/** One row more than is wanted shows whether more follow. */
function rowsSql(
  columns: readonly string[],
  filter: string | undefined,
  rowCount: number,
  offset: number,
): string {
  const list = columns.length === 0 ? "*" : columns.map(quoteIdentifier).join(", ");
  const where = filter === undefined ? "" : `WHERE (${filter}\n) `;
  return `SELECT ${list} FROM ${tableName} ${where}LIMIT ${rowCount + 1} OFFSET ${offset}`;
}

async function checkReadsNothing(parts: LakeParts, filter: string, scope: LakeScope): Promise<void> {
  const { tables } = await parts.engine.plan(`SELECT 1 WHERE (${filter}\n)`, scope);
  if (tables.length === 0) return;
  throw new ToolError(
    "invalid_input",
    `The filter reads from ${quoteName(tables[0] ?? "")}; a filter looks at the rows themselves. Call lake_query.`,
  );
}
