import { gateFilter } from "../databricks/sql/filter.ts";
import { differenceInDuckDb } from "../databricks/sql/same-in-both.ts";
import type { DatasetRows, ReadRowsRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { DatabricksEngine } from "./databricks.ts";
import { mayWarehouseDo } from "./hand-over.ts";

type ReadRows = (request: ReadRowsRequest, scope: LakeScope) => Promise<DatasetRows>;

/** Before cursors of a warehouse's rows; those of files have no dot. */
const mark = "databricks.";

/**
 * Rows of one table by its files, where these can be read and the condition means the same to both engines; else by the
 * warehouse, where there is one. A cursor goes back to where it came from.
 */
export function readTableRows(engine: DatabricksEngine | undefined, byFiles: ReadRows): ReadRows {
  if (!engine) return byFiles;
  const byWarehouse: ReadRows = async (request, scope) => {
    const page = await engine.readRows(request, scope);
    return { ...page, ...(page.cursor === undefined ? {} : { cursor: `${mark}${page.cursor}` }) };
  };
  const because = async (reason: string, request: ReadRowsRequest, scope: LakeScope) => {
    const page = await byWarehouse(request, scope);
    return { ...page, notes: [`The rows were read by the SQL warehouse: ${reason}`, ...page.notes] };
  };
  return async (request, scope) => {
    const { cursor, filter, version, timestamp } = request;
    if (cursor?.startsWith(mark))
      return byWarehouse({ ...request, cursor: cursor.slice(mark.length) }, scope);
    // Refused before anything is sent; names in double quotes are this server's own SQL.
    if (filter !== undefined && !filter.includes('"')) gateFilter(filter);
    const isFixed = cursor !== undefined || version !== undefined || timestamp !== undefined;
    const difference = filter === undefined || isFixed ? undefined : differenceInDuckDb(filter);
    if (difference !== undefined) return because(`in the filter, ${difference}.`, request, scope);
    try {
      return await byFiles(request, scope);
    } catch (thrown) {
      if (isFixed || !mayWarehouseDo(thrown)) throw thrown;
      return because(thrown.message, request, scope);
    }
  };
}
