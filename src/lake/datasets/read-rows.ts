import { z } from "zod";
import { ToolError } from "../../core/errors.ts";
import { requestCursors } from "../../core/results.ts";
import type { DatasetRows, ReadRowsRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import { quoteIdentifier } from "../profile/column-kind.ts";
import type { LakeScope } from "../scope.ts";
import { checkFilter } from "./check-filter.ts";
import { rejectedRows, tableNotes } from "./rejected-rows.ts";
import { resolveDataset } from "./resolve-dataset.ts";
import { type LakeParts, scansOf, withTables } from "./with-tables.ts";

/** A place in a dataset's rows: bound to the very version of every file. */
const rowsPlace = { version: z.string(), offset: z.int().min(0) };

const tableName = "dataset";

/**
 * One page of rows in the order of files and of rows in them. A cursor is only a number of rows to skip, so it
 * needs nothing kept, and holds as long as the data does. Throws `changed` where the data did not.
 */
export async function readRows(
  parts: LakeParts,
  request: ReadRowsRequest,
  scope: LakeScope,
): Promise<DatasetRows> {
  const { columns, filter, maxRows, maxBytes, cursor, ...named } = request;
  const cursors = requestCursors([named, columns, filter], rowsPlace);
  const from = cursor === undefined ? undefined : cursors.decode(cursor);
  if (filter !== undefined) await checkCondition(parts, filter, scope);
  const dataset = await resolveDataset(parts.stores, named, scope);
  const { version } = dataset;
  if (from && from.version !== version) {
    throw new ToolError(
      "changed",
      `${quoteName(dataset.uri)} changed since the cursor was given out. Read it again from the start.`,
    );
  }
  const offset = from?.offset ?? 0;
  return withTables(parts, [{ name: tableName, dataset }], scope, async (tables) => {
    const page = await parts.engine.run(
      {
        sql: rowsSql(columns, filter, maxRows, offset),
        tables: scansOf(tables),
        maxRows,
        maxBytes,
        keepRest: false,
        owner: scope.principalId,
      },
      scope,
    );
    const next = { version, offset: offset + page.rows.length };
    return {
      columns: page.columns,
      rows: page.rows,
      more: page.more,
      ...(page.more ? { cursor: cursors.encode(next) } : {}),
      ...rejectedRows(tables),
      notes: [...tableNotes(tables), ...page.notes],
    };
  });
}

/** One row more than the page holds shows whether the page is the last. */
function rowsSql(
  columns: readonly string[],
  filter: string | undefined,
  maxRows: number,
  offset: number,
): string {
  const list = columns.length === 0 ? "*" : columns.map(quoteIdentifier).join(", ");
  const where = filter === undefined ? "" : `WHERE (${filter}\n) `;
  return `SELECT ${list} FROM ${tableName} ${where}LIMIT ${maxRows + 1} OFFSET ${offset}`;
}

async function checkCondition(parts: LakeParts, filter: string, scope: LakeScope): Promise<void> {
  checkFilter(filter);
  const { tables } = await parts.engine.plan(`SELECT 1 WHERE (${filter}\n)`, scope);
  if (tables.length === 0) return;
  throw new ToolError(
    "invalid_input",
    `The filter reads from ${quoteName(tables[0] ?? "")}; a filter looks at the rows themselves. Call lake_query.`,
  );
}
