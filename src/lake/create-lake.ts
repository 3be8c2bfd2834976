import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type ServiceGuard, unguardedServices } from "../core/service-guard.ts";
import type { PollTimes } from "./athena/executions.ts";
import type { ObjectCache } from "./cache/cache.ts";
import type { CacheCounts } from "./cache/counts.ts";
import { createTableStores, withTableStores } from "./databricks/table-stores.ts";
import type { Lake } from "./lake.ts";
import { openShared } from "./open-parts.ts";
import { openView, type ViewDeps } from "./open-view.ts";
import { narrowSettings } from "./reach.ts";
import type { LakeScope } from "./scope.ts";
import { openScratch } from "./scratch.ts";
import type { LakeSettings } from "./settings.ts";
import { createSqlEngine } from "./sql/create-sql-engine.ts";
import { createStores } from "./stores/create-stores.ts";
import type { Stores } from "./stores/store.ts";
import { openTenants, type Tenants } from "./tenants.ts";
import { createViews } from "./views.ts";
import { warmUp } from "./warm-up/warm-up.ts";

/** Of the process the lake is part of. */
export interface LakeOptions {
  /** Warms up after this time, as a server wants it: query workers and all that the first call would wait for. */
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

/** The lake of a process. */
export interface WholeLake extends Lake {
  /** What the block cache takes on disk, and may take, and what it did so far. */
  cacheUsage(): ReturnType<ObjectCache["usage"]> & CacheCounts;
}

/** Builds the data engine: stores behind their boundaries, the cache, the query workers. `close` ends them all. */
export function createLake(settings: LakeSettings, options: LakeOptions = {}): WholeLake {
  const { now = Date.now, newId = randomUUID, athenaTimes, guard = unguardedServices } = options;
  const tableStores = createTableStores();
  const lakeStores = createStores(settings, { guard });
  const stores = withTableStores<Stores>(lakeStores, tableStores);
  const scratch = openScratch(join(settings.cache.dir, "queries"), newId());
  const scratchDir = scratch.path;
  const engine = createSqlEngine(
    { ...settings.query, scratchDir },
    { now, newLinksFolder: () => shared.cache.newLinksFolder() },
  );
  const closing = new AbortController();
  const afterMs = options.prewarmAfterMs;
  if (afterMs !== undefined) void warmUp(engine, settings, { afterMs, signal: closing.signal });
  const storeOf = ({ tenantId }: LakeScope) => (settings.tenants ? tenants.stores(tenantId) : stores);
  const shared = openShared({ settings, stores, storeOf, engine, now, newId });
  const { uploads } = lakeStores;
  const common = { uploads, shared, engine, tableStores, scratchDir, guard, now, newId, athenaTimes };
  const whole = openView({ ...common, settings, stores });
  const views = createViews((reach, key) => {
    const narrower = narrowSettings(settings, reach);
    const within = withTableStores<Stores>(lakeStores.within(narrower), tableStores);
    return openView({ ...common, settings: narrower, stores: within, reach: key });
  });
  const tenants = tenantsOf(settings, common);
  return {
    ...whole,
    cacheUsage: () => ({ ...shared.cache.usage(), ...shared.cache.counts() }),
    ofTenant: tenants.get,
    within: (reach) => views.get(reach),
    async close() {
      closing.abort();
      await shared.tables.letGo();
      await Promise.allSettled([
        whole.close(),
        views.close(),
        tenants.close(),
        engine.close(),
        shared.cache.close(),
      ]);
      lakeStores.close();
      tableStores.close();
      await scratch.close();
    },
  };
}

function tenantsOf(settings: LakeSettings, common: Omit<ViewDeps, "settings" | "stores">): Tenants {
  const { now, guard } = common;
  return openTenants(settings, {
    now,
    guard,
    stores: (own, deps) => createStores(own, { ...deps, guard }),
    view: (own, stores, reach) =>
      openView({
        ...common,
        settings: own,
        stores: reach === undefined ? stores : stores.within(own),
        uploads: stores.uploads,
        ...(reach === undefined ? {} : { reach }),
      }),
  });
}
