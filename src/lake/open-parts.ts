import { createBoundaries } from "./boundaries.ts";
import type { ObjectCache } from "./cache/cache.ts";
import { guardedCache } from "./cache/guarded-cache.ts";
import { createObjectCache } from "./cache/object-cache.ts";
import type { Dataset } from "./datasets/dataset.ts";
import { createKeptTables, type KeptTables } from "./datasets/kept-tables.ts";
import { createParquetFiles } from "./datasets/open-parquet.ts";
import { resolveDataset } from "./datasets/resolve-dataset.ts";
import { createResolver } from "./datasets/resolver.ts";
import { createSniffer } from "./datasets/sniffer.ts";
import type { LakeParts } from "./datasets/with-tables.ts";
import { createDeltaTables } from "./delta/delta-tables.ts";
import { createFooters } from "./describe/footers.ts";
import { createIcebergTables } from "./iceberg/iceberg-tables.ts";
import type { DatasetRequest } from "./lake.ts";
import type { LakeScope } from "./scope.ts";
import type { LakeSettings } from "./settings.ts";
import type { SqlEngine } from "./sql/engine.ts";
import type { Stores } from "./stores/store.ts";
import { createStoredFiles } from "./tables/stored-files.ts";

export interface PartsOptions {
  settings: LakeSettings;
  stores: Stores;
  engine: SqlEngine;
  shared: SharedParts;
  /** The dataset of a name that is no place of the stores'. */
  elsewhere(request: DatasetRequest, scope: LakeScope): Promise<Dataset> | undefined;
}

/** What all views of a lake have in common, as there is one disk. */
export interface SharedParts {
  /** Checks nothing: each view has its own guard before it. */
  cache: ObjectCache;
  tables: KeptTables;
}

export interface SharedOptions extends Pick<PartsOptions, "settings" | "stores" | "engine"> {
  /** Where what a scope reads comes from. */
  storeOf(scope: LakeScope): Stores;
  now: () => number;
  newId: () => string;
}

/** Of it, the cache is to be closed. */
export function openShared({ settings, stores, storeOf, engine, now, newId }: SharedOptions): SharedParts {
  const cache = createObjectCache({ settings, stores, storeOf, letGo: () => tables.letGo() }, { now, newId });
  const tables = createKeptTables({
    engine,
    newLinksFolder: cache.newLinksFolder,
    maxBytes: settings.cache.maxBytes / 4,
  });
  return { cache, tables };
}

/** What the operations on datasets are made of. */
export function openParts({ settings, stores, engine, shared, elsewhere }: PartsOptions): LakeParts {
  const { tables } = shared;
  const cache = guardedCache(shared.cache, createBoundaries(settings));
  const delta = createDeltaTables({ stores, cache, engine });
  const iceberg = createIcebergTables(stores);
  const storedFiles = createStoredFiles(stores);
  const resolver = createResolver(
    async (request, scope) =>
      elsewhere(request, scope) ?? resolveDataset({ stores, delta, iceberg, storedFiles }, request, scope),
  );
  const sniffer = createSniffer(stores);
  const parquet = createParquetFiles(cache);
  const footers = createFooters({ stores, parquet });
  const formats = { delta, iceberg, storedFiles, parquet, footers };
  return { stores, cache, engine, settings, sniffer, resolver, tables, ...formats };
}
