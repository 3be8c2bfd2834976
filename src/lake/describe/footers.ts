import type { ByteRange, ObjectCache } from "../cache/cache.ts";
import { openParquet, readLocal } from "../datasets/open-parquet.ts";
import { type ParquetFooter, readParquetFooter } from "../formats/parquet-footer.ts";
import { RecentMap } from "../recent-map.ts";
import type { LakeScope } from "../scope.ts";
import { readBytes } from "../stores/read-bytes.ts";
import type { StoredObject, Stores } from "../stores/store.ts";

const rememberedFooters = 20_000;

/** Parquet footers, read once per version of a file. */
export interface Footers {
  /** Throws what `readParquetFooter` does, and `changed`. */
  read(object: StoredObject, scope: LakeScope): Promise<ParquetFooter>;
}

/** Remembers the footers of the 20,000 files last asked for. */
export function createFooters({ cache, stores }: { cache: ObjectCache; stores: Stores }): Footers {
  const known = new RecentMap<ParquetFooter>(rememberedFooters);
  return {
    async read(object, scope) {
      const key = JSON.stringify([scope.tenantId, object.uri, object.etag, object.sizeBytes]);
      const before = known.get(key);
      if (before) return before;
      const file = await openParquet(cache, object, scope);
      try {
        const footer = await readParquetFooter(
          // Of a file that does not end as Parquet does, the reader says what is wrong.
          (start, end) =>
            file ? readLocal(file.path, { start, end }) : stored(stores, object, { start, end }, scope),
          object.sizeBytes,
        );
        known.set(key, footer);
        return footer;
      } finally {
        file?.release();
      }
    },
  };
}

function stored(
  stores: Stores,
  { location, etag }: StoredObject,
  { start, end }: ByteRange,
  { signal }: LakeScope,
): Promise<Buffer> {
  return readBytes(stores, { location, start, endExclusive: end, ifMatch: etag }, signal);
}
