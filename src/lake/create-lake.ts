import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type ServiceGuard, unguardedServices } from "../core/service-guard.ts";
import type { PollTimes } from "./athena/executions.ts";
import { createTableStores, withTableStores } from "./databricks/table-stores.ts";
import { estimateQuery } from "./datasets/estimate-query.ts";
import { type ExportParts, exportQuery } from "./datasets/export-query.ts";
import { planExport } from "./datasets/plan-export.ts";
import { query } from "./datasets/query.ts";
import { readText } from "./datasets/read-text.ts";
import type { LakeParts } from "./datasets/with-tables.ts";
import { estimateOnEngine, type QueryEngines, queryOnEngine, stopOnEngine } from "./engines/dispatch.ts";
import { openRemotes, type Remotes } from "./engines/open-remotes.ts";
import type { Lake } from "./lake.ts";
import { openParts } from "./open-parts.ts";
import { profileDataset } from "./profile/profile-dataset.ts";
import type { LakeSettings } from "./settings.ts";
import { createSqlEngine, type LocalSqlEngine } from "./sql/create-sql-engine.ts";
import { createStores } from "./stores/create-stores.ts";
import { loadS3Client } from "./stores/s3-clients.ts";

/** Of the process the lake is part of. */
export interface LakeOptions {
  /** Starts the query workers after this time, as a server wants it, rather than with the first call. */
  prewarmAfterMs?: number | undefined;
  /** Milliseconds since the epoch. Default: the clock. */
  now?: () => number;
  /** Never the same twice, as it names files. Default: random UUIDs. */
  newId?: () => string;
  /** Waits between looks at a query of Athena. Default: 250 ms, growing to 3 s. */
  athenaTimes?: PollTimes | undefined;
  /** What services are cut off by while they fail. Default: nothing. */
  guard?: ServiceGuard;
}

/** Builds the data engine: stores behind their boundaries, the cache, the query workers. `close` ends them all. */
export function createLake(settings: LakeSettings, options: LakeOptions = {}): Lake {
  const {
    prewarmAfterMs,
    now = Date.now,
    newId = randomUUID,
    athenaTimes,
    guard = unguardedServices,
  } = options;
  const tableStores = createTableStores();
  const stores = withTableStores(createStores(settings, { guard }), tableStores);
  const scratchDir = join(settings.cache.dir, "queries");
  const engine = createSqlEngine({ ...settings.query, scratchDir }, { now });
  const timer = prewarmAfterMs === undefined ? undefined : prewarmLater(engine, settings, prewarmAfterMs);
  const parts = openParts({
    settings,
    stores,
    engine,
    now,
    newId,
    elsewhere: (request, scope) => remotes.dataset(request, scope),
  });
  const remotes = openRemotes({ parts, tableStores, scratchDir, guard, now, newId, athenaTimes });
  const { databricks, athena } = remotes;
  const engines = enginesOf(parts, remotes);
  return {
    stores,
    ...(databricks ? { databricks: databricks.tables } : {}),
    engines: ["local", ...engines.remote.map(({ name }) => name)],
    ...(athena ? { athena } : {}),
    describe: remotes.describe,
    readRows: remotes.readRows,
    query: (request, scope) => queryOnEngine(engines, request, scope),
    stop: (work, scope) => stopOnEngine(engines, work, scope),
    estimate: (request, scope) => estimateOnEngine(engines, request, scope),
    ...exportsOf({ ...parts, uploads: stores.uploads, now, newId }),
    profile: (request, scope) => profileDataset(parts, request, scope),
    readText: (uri, scope) => readText(parts, uri, scope),
    async close() {
      clearTimeout(timer);
      await parts.tables.letGo();
      await Promise.allSettled([remotes.close(), engine.close(), parts.cache.close()]);
      stores.close();
    },
  };
}

function exportsOf(parts: ExportParts): Pick<Lake, "exportQuery" | "planExport"> {
  return {
    exportQuery: (request, scope) => exportQuery(parts, request, scope),
    planExport: (request, scope) => planExport(parts, request, scope),
  };
}

function enginesOf(parts: LakeParts, remotes: Remotes): QueryEngines {
  return {
    local: (request, scope) => query(parts, request, scope),
    estimateLocal: (request, scope) => estimateQuery(parts, request, scope),
    maxScanBytes: parts.settings.query.maxScanBytes,
    remote: remotes.engines,
  };
}

function prewarmLater(engine: LocalSqlEngine, { buckets }: LakeSettings, afterMs: number): NodeJS.Timeout {
  return setTimeout(() => {
    engine.prewarm();
    if (buckets.length > 0) void loadS3Client();
  }, afterMs).unref();
}
