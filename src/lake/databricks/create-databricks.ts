import type { DatabricksSettings } from "../settings.ts";
import { createAccessTokens } from "./access-token.ts";
import { type AllowedNames, createAllowedNames } from "./allowed.ts";
import { type Catalog, createCatalog } from "./catalog.ts";
import { createRest, type Rest, type RestOptions } from "./rest.ts";
import { createTables, type DatabricksTables } from "./tables.ts";

/** One workspace: what may be read of it, and the ways to it. */
export interface Databricks {
  settings: DatabricksSettings;
  rest: Rest;
  allowed: AllowedNames;
  catalog: Catalog;
  tables: DatabricksTables;
}

/** Sends nothing before it is asked for something. */
export function createDatabricks(
  settings: DatabricksSettings,
  deps: { now(): number } & Pick<RestOptions, "timeoutMs" | "pauseMs">,
): Databricks {
  const { host, credentials } = settings;
  const rest = createRest({ ...deps, host, tokens: createAccessTokens(host, credentials, deps.now) });
  const allowed = createAllowedNames(settings.allow);
  const catalog = createCatalog(rest);
  return { settings, rest, allowed, catalog, tables: createTables(allowed, catalog) };
}
