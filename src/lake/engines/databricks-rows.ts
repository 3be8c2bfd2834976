import { gateFilter } from "../databricks/sql/filter.ts";
import { differenceByTypes } from "../databricks/sql/same-by-types.ts";
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
  const asOwn = async (difference: string, request: ReadRowsRequest, scope: LakeScope) => {
    const page = await byFiles(request, scope);
    if (request.cursor !== undefined) return page;
    const note = `The filter was read as DuckDB's SQL, as a version or timestamp is given: in Databricks SQL it may mean something else, as ${difference}.`;
    return { ...page, notes: [note, ...page.notes] };
  };
  return async (request, scope) => {
    const { cursor, filter, version, timestamp } = request;
    if (cursor?.startsWith(mark))
      return byWarehouse({ ...request, cursor: cursor.slice(mark.length) }, scope);
    const isOfMoment = version !== undefined || timestamp !== undefined;
    const isFixed = cursor !== undefined || isOfMoment;
    // Refused before anything is sent; what is read of a moment may be DuckDB's SQL.
    if (filter !== undefined && !isOfMoment) gateFilter(filter);
    const difference = filter === undefined ? undefined : differenceInDuckDb(filter);
    if (difference !== undefined) {
      if (isOfMoment) return asOwn(difference, request, scope);
      return because(`in the filter, ${difference}.`, request, scope);
    }
    try {
      if (filter === undefined) return await byFiles(request, scope);
      const differenceOver: LakeScope["differenceOver"] = (columns) => differenceByTypes(filter, columns);
      return await byFiles(request, { ...scope, differenceOver });
    } catch (thrown) {
      if (isFixed || !mayWarehouseDo(thrown)) throw thrown;
      return because(thrown.message, request, scope);
    }
  };
}
