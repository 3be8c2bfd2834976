import { createObjectCache } from "./cache/object-cache.ts";
import type { Dataset } from "./datasets/dataset.ts";
import { createKeptTables } from "./datasets/kept-tables.ts";
import { createParquetFiles } from "./datasets/open-parquet.ts";
import { resolveDataset } from "./datasets/resolve-dataset.ts";
import { createResolver } from "./datasets/resolver.ts";
import { createSniffer } from "./datasets/sniffer.ts";
import type { LakeParts } from "./datasets/with-tables.ts";
import { createDeltaTables } from "./delta/delta-tables.ts";
import { createFooters } from "./describe/footers.ts";
import type { DatasetRequest } from "./lake.ts";
import type { LakeScope } from "./scope.ts";
import type { LakeSettings } from "./settings.ts";
import type { SqlEngine } from "./sql/engine.ts";
import type { Stores } from "./stores/store.ts";

export interface PartsOptions {
  settings: LakeSettings;
  stores: Stores;
  engine: SqlEngine;
  now: () => number;
  newId: () => string;
  /** The dataset of a name that is no place of the stores'. */
  elsewhere(request: DatasetRequest, scope: LakeScope): Promise<Dataset> | undefined;
}

/** What the operations on datasets are made of. Of it, the cache is to be closed. */
export function openParts({ settings, stores, engine, now, newId, elsewhere }: PartsOptions): LakeParts {
  const cache = createObjectCache({ settings, stores, letGo: () => tables.letGo() }, { now, newId });
  const tables = createKeptTables({ engine, maxBytes: settings.cache.maxBytes / 4 });
  const delta = createDeltaTables({ stores, cache, engine });
  const resolver = createResolver(
    async (request, scope) => elsewhere(request, scope) ?? resolveDataset({ stores, delta }, request, scope),
  );
  const sniffer = createSniffer(stores);
  const parquet = createParquetFiles(cache);
  const footers = createFooters({ stores, parquet });
  return { stores, cache, engine, settings, sniffer, resolver, delta, parquet, footers, tables };
}
