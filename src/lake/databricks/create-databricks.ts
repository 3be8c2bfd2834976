import type { ServiceGuard } from "../../core/service-guard.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { DeltaTables } from "../delta/delta-tables.ts";
import {
  createDatabricksEngine,
  type DatabricksEngine,
  type DatabricksEngineDeps,
} from "../engines/databricks.ts";
import type { DatasetDescription, DatasetRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { DatabricksSettings, S3Settings } from "../settings.ts";
import { createAccessTokens } from "./access-token.ts";
import { createAllowedNames } from "./allowed.ts";
import { createCatalog } from "./catalog.ts";
import { describeTable } from "./describe-table.ts";
import { createHealth, type DatabricksHealth } from "./health.ts";
import { createRest } from "./rest.ts";
import { createStatements } from "./statements.ts";
import { createTableFiles } from "./table-files.ts";
import type { TableStores } from "./table-stores.ts";
import { createTables, type DatabricksTables } from "./tables.ts";

export interface DatabricksDeps extends Pick<DatabricksEngineDeps, "kept" | "parser" | "now"> {
  s3: S3Settings;
  /** What services are cut off by while they fail. */
  guard: ServiceGuard;
  stores: TableStores;
  delta: DeltaTables;
  describeDataset(dataset: Dataset, scope: LakeScope): Promise<DatasetDescription>;
}

/** One workspace, as the lake uses it. */
export interface Databricks {
  tables: DatabricksTables & DatabricksHealth;
  /** Absent without a warehouse. */
  engine?: DatabricksEngine;
  /** A table as the dataset of its files. */
  dataset(request: DatasetRequest, scope: LakeScope): Promise<Dataset>;
  describe(request: DatasetRequest, scope: LakeScope): Promise<DatasetDescription>;
}

/** Sends nothing before it is asked for something. */
export function createDatabricks(settings: DatabricksSettings, deps: DatabricksDeps): Databricks {
  const { host, credentials, warehouseId, maxResultBytes } = settings;
  const { now, s3, guard, stores, delta } = deps;
  const rest = createRest({ host, tokens: createAccessTokens(host, credentials, now), guard, now });
  const allowed = createAllowedNames(settings.allow);
  const catalog = createCatalog(rest);
  const tables = { ...createTables(allowed, catalog), ...createHealth(rest, catalog, warehouseId) };
  const { region, endpoint, forcePathStyle } = s3;
  const files = createTableFiles({
    allowed,
    catalog,
    stores,
    delta,
    s3: { region, endpoint, forcePathStyle },
    guard,
    now,
    hasWarehouse: warehouseId !== undefined,
  });
  const databricks: Databricks = {
    tables,
    dataset: files.find,
    describe: (request, scope) =>
      describeTable({ allowed, catalog, files }, request, deps.describeDataset, scope),
  };
  if (warehouseId === undefined) return databricks;
  const statements = createStatements(rest, { warehouseId, maxResultBytes, now });
  return { ...databricks, engine: createDatabricksEngine({ ...deps, allowed, statements }) };
}
