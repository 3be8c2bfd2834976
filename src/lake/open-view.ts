import type { ServiceGuard } from "../core/service-guard.ts";
import type { PollTimes } from "./athena/executions.ts";
import type { TableStores } from "./databricks/table-stores.ts";
import { estimateQuery } from "./datasets/estimate-query.ts";
import { exportQuery } from "./datasets/export-query.ts";
import { planExport } from "./datasets/plan-export.ts";
import { query } from "./datasets/query.ts";
import { readText } from "./datasets/read-text.ts";
import { estimateOnEngine, type QueryEngines, queryOnEngine, stopOnEngine } from "./engines/dispatch.ts";
import { openRemotes } from "./engines/open-remotes.ts";
import type { LakeView } from "./lake.ts";
import { openParts, type SharedParts } from "./open-parts.ts";
import { profileDataset } from "./profile/profile-dataset.ts";
import type { LakeScope } from "./scope.ts";
import type { LakeSettings } from "./settings.ts";
import type { SqlEngine } from "./sql/engine.ts";
import type { Uploads } from "./stores/s3-upload.ts";
import type { Stores } from "./stores/store.ts";

export interface ViewDeps {
  settings: LakeSettings;
  /** Behind the boundaries of `settings`. */
  stores: Stores;
  uploads: Uploads;
  shared: SharedParts;
  engine: SqlEngine;
  tableStores: TableStores;
  scratchDir: string;
  guard: ServiceGuard;
  now: () => number;
  newId: () => string;
  athenaTimes?: PollTimes | undefined;
  /** Names what `settings` hold of the server's. Absent: all of it. */
  reach?: string;
}

/** A view of the lake: what some settings let be read, with the memory of what was read under them. */
export interface OpenView extends LakeView {
  close(): Promise<void>;
}

/** Opens one. Nothing that one view remembers of names, listings and results is seen by another. */
export function openView(deps: ViewDeps): OpenView {
  const { settings, stores, uploads, shared, engine, tableStores, scratchDir, now, newId } = deps;
  const { athenaTimes, guard, reach } = deps;
  const parts = openParts({
    settings,
    stores,
    engine,
    shared,
    elsewhere: (request, scope) => remotes.dataset(request, scope),
  });
  const remotes = openRemotes({ parts, tableStores, scratchDir, guard, now, newId, athenaTimes });
  const { databricks, athena } = remotes;
  const engines: QueryEngines = {
    local: (request, scope) => query(parts, request, scope),
    estimateLocal: (request, scope) => estimateQuery(parts, request, scope),
    maxScanBytes: settings.query.maxScanBytes,
    athenaUsdPerTib: settings.athenaUsdPerTib,
    remote: remotes.engines,
  };
  const exports = { ...parts, uploads, now, newId };
  const here = (scope: LakeScope): LakeScope => (reach === undefined ? scope : { ...scope, reach });
  return {
    stores,
    ...(databricks ? { databricks: databricks.tables } : {}),
    engines: ["local", ...engines.remote.map(({ name }) => name)],
    ...(athena ? { athena } : {}),
    describe: (request, scope) => remotes.describe(request, here(scope)),
    readRows: (request, scope) => remotes.readRows(request, here(scope)),
    query: (request, scope) => queryOnEngine(engines, request, here(scope)),
    stop: (work, scope) => stopOnEngine(engines, work, here(scope)),
    estimate: (request, scope) => estimateOnEngine(engines, request, here(scope)),
    exportQuery: (request, scope) => exportQuery(exports, request, here(scope)),
    planExport: (request, scope) => planExport(exports, request, here(scope)),
    profile: (request, scope) => profileDataset(parts, request, here(scope)),
    readText: (uri, scope) => readText(parts, uri, here(scope)),
    close: () => remotes.close(),
  };
}
