import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ObjectCache } from "../../src/lake/cache/cache.ts";
import { createObjectCache, type ObjectCacheDeps } from "../../src/lake/cache/object-cache.ts";
import { createStores } from "../../src/lake/stores/create-stores.ts";
import type { StoredObject, Stores } from "../../src/lake/stores/store.ts";
import { lakeSettings, loopbackS3 } from "./lake-settings.ts";
import { s3Credentials } from "./s3-server.ts";

export interface CacheLake {
  dir: string;
  stores: ReturnType<typeof createStores>;
  /** What the stores know of the object now. */
  head(uri: string): Promise<StoredObject>;
  cache(options?: {
    maxBytes?: number;
    deps?: ObjectCacheDeps;
    stores?: Pick<Stores, "read" | "openLocal">;
    letGo?: () => Promise<void>;
  }): ObjectCache;
  /** Entries, and files in the making and pins of all instances. */
  filesIn(): Promise<{ entries: number; temporary: number; pins: number }>;
  close(): Promise<void>;
}

/** Caches over the bucket `data` of an S3 server, in a folder of their own below `parent`. Parts are of 64 KiB. */
export async function openCacheLake(
  endpoint: string,
  localRoot?: string,
  parent = tmpdir(),
): Promise<CacheLake> {
  const dir = await mkdtemp(join(parent, "sluice-cache-"));
  const settings = lakeSettings({
    buckets: [{ bucket: "data", prefix: "" }],
    localRoots: localRoot === undefined ? [] : [{ name: "files", path: localRoot }],
    s3: loopbackS3(endpoint),
  });
  const stores = createStores(settings, { credentials: s3Credentials });
  const caches: ObjectCache[] = [];
  return {
    dir,
    stores,
    head: (uri) => stores.head(stores.resolve(uri), new AbortController().signal),
    cache({ maxBytes = 10_000_000, deps = {}, stores: other = stores, letGo } = {}) {
      const cacheSettings = { ...settings, cache: { dir, maxBytes } };
      const made = createObjectCache(
        { settings: cacheSettings, stores: other, ...(letGo ? { letGo } : {}) },
        { partBytes: 65_536, ...deps },
      );
      caches.push(made);
      return made;
    },
    async filesIn() {
      const instances = join(dir, "v1", "instances");
      const counts = { entries: await count(join(dir, "v1", "entries")), temporary: 0, pins: 0 };
      for (const instance of await readdir(instances).catch(() => [])) {
        counts.temporary += await count(join(instances, instance, "tmp"));
        counts.pins += await count(join(instances, instance, "pins"));
      }
      return counts;
    },
    async close() {
      for (const cache of caches) await cache.close();
      stores.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function count(folder: string): Promise<number> {
  return (await readdir(folder).catch(() => [])).length;
}
