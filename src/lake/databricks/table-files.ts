import { ToolError } from "../../core/errors.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { DeltaTables } from "../delta/delta-tables.ts";
import type { DatasetRequest } from "../lake.ts";
import { quoteName } from "../location-names.ts";
import type { LakeScope } from "../scope.ts";
import { deltaMoment } from "../tables/table-moment.ts";
import type { AllowedNames } from "./allowed.ts";
import type { Catalog, TableInfo } from "./catalog.ts";
import { filesFault } from "./files-fault.ts";
import { formatTableName, parseTableName, type TableName } from "./table-name.ts";
import { filesPlaceOf, type TableStoreDeps } from "./table-store.ts";
import type { TableStores } from "./table-stores.ts";

export interface TableFilesDeps extends Omit<TableStoreDeps, "catalog"> {
  allowed: AllowedNames;
  catalog: Catalog;
  stores: TableStores;
  delta: DeltaTables;
  hasWarehouse: boolean;
}

/** Its tables are known to warehouses alone. */
const hiveCatalog = "hive_metastore";

/** What is asked of a table beside its name. */
type TableRequest = Omit<DatasetRequest, "uri">;

/** Tables of Unity Catalog as datasets of their Delta files. Both throw `invalid_input` and what `isFilesFault` knows. */
export interface TableFiles {
  /**
   * Asks Unity Catalog for the table each time: what it is, whose rows are held back, which id it has, and whether this
   * server may see it still. What is known of it may be read meanwhile, and is given to nobody before that answer.
   * Throws `denied`, and `not_found` but for a table of the Hive metastore, which Unity Catalog does not know.
   */
  find(request: DatasetRequest, scope: LakeScope): Promise<Dataset>;
  /** Of a table that was just asked for. */
  open(name: TableName, info: TableInfo, request: TableRequest, scope: LakeScope): Promise<Dataset>;
}

export function createTableFiles(deps: TableFilesDeps): TableFiles {
  const { allowed, catalog, stores, delta } = deps;
  const open: TableFiles["open"] = async (name, info, { version, timestamp, ...hints }, scope) => {
    const uri = formatTableName(name);
    const place = filesPlaceOf(info);
    if ("against" in place) throw against(uri, place.against, deps);
    const difference = scope.differenceOver?.(info.columns);
    if (difference !== undefined) throw differs(uri, difference);
    const store = stores.open(name, place, deps);
    const unreached = deps.hasWarehouse ? store.unreached() : undefined;
    if (unreached) throw unreached;
    await store.ready(scope.signal);
    const snapshot = await delta.open(store.root, { version, timestamp }, scope);
    const dataset = delta.datasetOf(uri, hints, snapshot);
    const note = `${uri} was read from its files in S3 (Delta version ${snapshot.version}) by the engine local, not by a warehouse.`;
    return { ...dataset, notes: [...dataset.notes, note] };
  };
  const marked = async <T>(name: TableName, scope: LakeScope, work: () => Promise<T>) => {
    try {
      return await work();
    } catch (thrown) {
      throw scope.signal.aborted ? thrown : filesFault(thrown, formatTableName(name));
    }
  };
  const found = async (name: TableName, scope: LakeScope) => {
    const ask = () => catalog.table(name, scope.signal);
    if (name.catalog === hiveCatalog) return marked(name, scope, ask);
    try {
      return await ask();
    } catch (thrown) {
      // A warehouse has no more of it, and starting one to hear so costs money.
      if (thrown instanceof ToolError && thrown.code === "not_found") throw thrown;
      return marked(name, scope, () => Promise.reject(thrown));
    }
  };
  return {
    open: (name, info, request, scope) => marked(name, scope, () => open(name, info, request, scope)),
    async find({ uri, ...request }, scope) {
      deltaMoment(uri, request);
      const name = parseTableName(uri);
      allowed.checkTable(name);
      const info = await found(name, scope);
      return marked(name, scope, () => open(name, info, request, scope));
    },
  };
}

function differs(uri: string, difference: string): ToolError {
  return new ToolError(
    "unsupported",
    `As Databricks SQL it cannot be answered from the files of ${quoteName(uri)}: ${difference}. Without version and timestamp a SQL warehouse answers it; lake_query with engine: local reads it as DuckDB's SQL.`,
  );
}

function against(uri: string, reason: string, { hasWarehouse }: TableFilesDeps): ToolError {
  const otherwise = hasWarehouse
    ? "A SQL warehouse can: engine: databricks, in a statement over tables of Databricks alone."
    : "A SQL warehouse could, and none is set (lake.databricks.warehouseId).";
  return new ToolError(
    "unsupported",
    `${quoteName(uri)} cannot be read from its files: ${reason}. ${otherwise}`,
    hasWarehouse ? {} : { details: { setting: "lake.databricks.warehouseId" } },
  );
}
