import { ToolError } from "../../core/errors.ts";
import {
  createDatabricksEngine,
  type DatabricksEngine,
  type DatabricksEngineDeps,
} from "../engines/databricks.ts";
import type { DatasetRows, ReadRowsRequest } from "../lake.ts";
import type { LakeScope } from "../scope.ts";
import type { DatabricksSettings } from "../settings.ts";
import { createAccessTokens } from "./access-token.ts";
import { createAllowedNames } from "./allowed.ts";
import { createCatalog } from "./catalog.ts";
import { createHealth, type DatabricksHealth } from "./health.ts";
import { createRest } from "./rest.ts";
import { createStatements } from "./statements.ts";
import { createTables, type DatabricksTables } from "./tables.ts";

/** One workspace, as the lake uses it. */
export interface Databricks {
  tables: DatabricksTables & DatabricksHealth;
  /** Absent without a warehouse. */
  engine?: DatabricksEngine;
  /** Throws `invalid_input` without a warehouse. */
  readRows(request: ReadRowsRequest, scope: LakeScope): Promise<DatasetRows>;
}

/** Sends nothing before it is asked for something. */
export function createDatabricks(
  settings: DatabricksSettings,
  deps: Pick<DatabricksEngineDeps, "kept" | "parser" | "now">,
): Databricks {
  const { host, credentials, warehouseId, maxResultBytes } = settings;
  const { now } = deps;
  const rest = createRest({ host, tokens: createAccessTokens(host, credentials, now), now });
  const allowed = createAllowedNames(settings.allow);
  const catalog = createCatalog(rest);
  const tables = { ...createTables(allowed, catalog), ...createHealth(rest, catalog, warehouseId) };
  if (warehouseId === undefined) return { tables, readRows: noWarehouse };
  const statements = createStatements(rest, { warehouseId, maxResultBytes, now });
  const engine = createDatabricksEngine({ ...deps, allowed, statements });
  return { tables, engine, readRows: engine.readRows };
}

async function noWarehouse(): Promise<never> {
  throw new ToolError(
    "invalid_input",
    "Rows of Databricks come through a SQL warehouse, and none is set (lake.databricks.warehouseId). lake_get_metadata describes the table.",
    { details: { setting: "lake.databricks.warehouseId" } },
  );
}
